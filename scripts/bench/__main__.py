"""Run the benchmark: ``python -m scripts.bench``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from aomuse.discover import discover
from aomuse.normalize import normalize
from aomuse.read import read_exposure
from aomuse.simulate import simulate
from scripts.bench.at_size import QUESTIONS, ask_at_size
from scripts.bench.other_drivers import other_drivers
from scripts.bench.page import PAGE, with_blocks
from scripts.bench.questions import ask
from scripts.bench.reading import WAYS, read_back
from scripts.bench.slices import ask_slices
from scripts.bench.source_rows import RIVALS
from scripts.bench.tables import blocks
from scripts.bench.warehouse import Warehouse
from scripts.bench.whole_loads import ADVISED, LOADS, stages
from scripts.mariadb_server import Server
from scripts.superset.check.expected import EXPECTED

#: Options of the private server: durable commits, what docs/mariadb.md advises for loads, and room
#: for what the rivals need (the blobs are larger than the packets that a server takes by default).
OPTIONS = (
    "--innodb-flush-log-at-trx-commit=1",
    *(f"--{name.replace('_', '-')}={value}" for name, value in ADVISED.items()),
    "--local-infile=1",
    "--max-allowed-packet=1G",
    "--max-heap-table-size=1G",
)

_BEGUN = time.perf_counter()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exposures", type=int, default=30, help="of whole loads")
    parser.add_argument("--few", type=int, default=4, help="exposures of everything else")
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--load-rounds", type=int, default=1, help="of these, with whole loads")
    parser.add_argument("--many", type=int, default=1000, help="exposures that views are asked of")
    parser.add_argument(
        "--slices", type=int, default=100, help="whole exposures that slices are asked of; 0: none"
    )
    parser.add_argument(
        "--connector-2", type=Path, help="a Python with mariadb[binary] 2, another rival"
    )
    parser.add_argument(
        "--write", action="store_true", help="write the tables into docs/performance.md"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    parser.add_argument("--check", action="store_true", help="run it in small, and keep no figures")
    options = parser.parse_args()
    if options.check:
        # Three exposures have a narrow-field one among them, which is fitted twice.
        options.rounds, options.exposures, options.sources, options.many = 1, 3, 2, 6
        options.few, options.slices = 3, 6
    return options


def _source_rows(root: Path) -> pd.DataFrame:
    """Return the source rows of one exposure."""
    exposure = normalize(read_exposure(discover([root]).exposures[0]))
    frame = pd.concat(exposure.of("source_sample"), ignore_index=True)
    return frame.rename(columns={"fit": "psf_fit_id"})


def _machine(server_version: str) -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "server": server_version,
    }


def main() -> None:
    """Measure, print tables, write the figures as JSON, and into the page if that is asked for."""
    options = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="aomuse-bench-"))
    folder.chmod(0o755)
    server = Server(folder / "server")
    try:
        _say(f"simulating {options.exposures} exposures of {options.sources} sources")
        root = _tree(folder / "tree", options.exposures, options.sources)
        few = root
        if options.few < options.exposures:
            few = _tree(folder / "few", options.few, options.sources)
        server.start(buffer_pool="4G", options=OPTIONS, end_with_parent=True)
        result = _measure(Warehouse(server, folder), root, few, options)
    finally:
        server.stop()
        shutil.rmtree(folder)
    tables = blocks(result)
    for name, table in tables.items():
        print(f"\n{name}\n\n{table}")
    if options.check:
        _check(result)
        return
    options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(f"\nfigures in {options.json}")
    if options.write:
        PAGE.write_text(with_blocks(PAGE.read_text(), tables))
        print(f"tables in {PAGE}")


def _tree(root: Path, exposures: int, sources: int) -> Path:
    simulate(root, exposures=exposures, sources=sources)
    # AOMUSE 2020 had one analysis of an exposure, and all contestants do the same work.
    shutil.rmtree(root / "analysis" / "maoppy", ignore_errors=True)
    return root


def _check(result: dict[str, Any]) -> None:
    """Fail where something was not measured; what the contestants hold they compare themselves."""
    expected = {
        "seconds_an_exposure": set(LOADS),
        "seconds_for_source_rows": set(RIVALS),
        "seconds_for_question": set(result["seconds_for_question"]),
    }
    for name, contestants in expected.items():
        measured = {way for way, seconds in result[name].items() if len(seconds) == 1}
        if not contestants <= measured or min(map(min, result[name].values())) <= 0:
            raise SystemExit(f"error: not all is measured in {name}: {result[name]}")
    for engine, ways in result["seconds_of_reading"].items():
        if not all(len(ways[way]) == 1 and ways[way][0] > 0 for way in WAYS):
            raise SystemExit(f"error: not all reading is measured on {engine}: {ways}")
    if set(result["seconds_of_commands"]) != {"mariadb", "sqlite"}:
        raise SystemExit("error: not all commands were timed")
    if len(result["seconds_at_size"]) != len(QUESTIONS) + len(EXPECTED):
        raise SystemExit("error: not all questions were asked at size")
    print("\neverything was measured")


def _measure(
    warehouse: Warehouse, root: Path, few: Path, options: argparse.Namespace
) -> dict[str, Any]:
    loads: dict[str, list[float]] = {name: [] for name in LOADS}
    contestants = RIVALS | other_drivers(options.connector_2)
    rivals: dict[str, list[float]] = {name: [] for name in contestants}
    rows = _source_rows(few)
    for number in range(options.rounds):
        if number < options.load_rounds:
            _say(f"whole loads, round {number + 1} of {options.load_rounds}")
            for name, (load, workers) in LOADS.items():
                loads[name].append(load(warehouse, root, workers))
        _say(f"source rows, round {number + 1} of {options.rounds}")
        for name, rival in contestants.items():
            rivals[name].append(rival(warehouse, rows, root.parent))
    _say("stages and questions")
    spent = {backend: stages(warehouse, few, backend) for backend in ("mariadb", "sqlite")}
    questions = ask(warehouse, few, options.rounds)
    _say("reading back")
    back = read_back(warehouse, few, options.rounds)
    _say(f"warehouses of {options.many:,} exposures")
    at_size, commands = ask_at_size(warehouse, root.parent, options.many, options.rounds)
    _say(f"slices of {options.slices:,} exposures")
    slices = ask_slices(warehouse, few, options.slices, options.rounds) if options.slices else []
    with warehouse.mariadb().connect() as connection:
        version = str(connection.exec_driver_sql("SELECT VERSION()").scalar())
    return {
        "machine": _machine(version),
        "options": {k: v if isinstance(v, int) else str(v) for k, v in vars(options).items()},
        "seconds_an_exposure": loads,
        "source_rows": len(rows),
        "seconds_for_source_rows": rivals,
        "seconds_for_question": questions,
        "seconds_of_reading": back,
        "seconds_at_size": at_size,
        "seconds_of_commands": commands,
        "seconds_for_slices": slices,
        "stages": spent,
        "peak_worker_memory_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def _say(what: str) -> None:
    print(f"{time.perf_counter() - _BEGUN:4.0f} s: {what}", flush=True)


if __name__ == "__main__":
    main()
