"""Run the benchmark: ``python -m scripts.bench``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from aomuse.discover import discover
from aomuse.normalize import normalize
from aomuse.read import read_exposure
from aomuse.simulate import simulate
from scripts.bench.at_size import LIMIT_S, QUESTIONS, ask_at_size
from scripts.bench.other_drivers import other_drivers
from scripts.bench.questions import ask
from scripts.bench.reading import WAYS, read_back
from scripts.bench.slices import ask_slices
from scripts.bench.source_rows import RIVALS
from scripts.bench.warehouse import Warehouse
from scripts.bench.whole_loads import LOADS, stages
from scripts.mariadb_server import Server
from scripts.superset.check.expected import EXPECTED

#: Options of the private server: durable commits, and room for what the rivals need (the blobs
#: are larger than the packets that a server takes by default).
OPTIONS = (
    "--innodb-flush-log-at-trx-commit=1",
    "--local-infile=1",
    "--max-allowed-packet=1G",
    "--max-heap-table-size=1G",
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exposures", type=int, default=4)
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=1000, help="exposures that views are asked of")
    parser.add_argument(
        "--slices", type=int, default=100, help="whole exposures that slices are asked of; 0: none"
    )
    parser.add_argument(
        "--connector-2", type=Path, help="a Python with mariadb[binary] 2, another rival"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    parser.add_argument("--check", action="store_true", help="run it in small, and keep no figures")
    options = parser.parse_args()
    if options.check:
        # Three exposures have a narrow-field one among them, which is fitted twice.
        options.rounds, options.exposures, options.sources, options.many = 1, 3, 2, 20
        options.slices = 6
    return options


def _source_rows(root: Path) -> pd.DataFrame:
    """Return the source rows of one exposure."""
    exposure = normalize(read_exposure(discover([root]).exposures[0]))
    frame = pd.concat(exposure.of("source_sample"), ignore_index=True)
    return frame.rename(columns={"fit": "psf_fit_id"})


def _table(title: str, seconds: dict[str, list[float]], unit: str, base: str) -> None:
    reference = statistics.median(seconds[base])
    print(f"\n{title}\n")
    print(f"| way | median {unit} | minimum | maximum | against {base} |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, values in seconds.items():
        middle = statistics.median(values)
        print(
            f"| {name} | {middle:.3f} | {min(values):.3f} | {max(values):.3f} |"
            f" {reference / middle:.2f} |"
        )


def _table_at_size(asked: list[dict[str, Any]], exposures: int) -> None:
    print(f"\nQuestions to the views of {exposures:,} exposures, median ms\n")
    print(f"| view | question | rows | MariaDB | SQLite | below {LIMIT_S} s |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    for row in asked:
        seconds = {e: statistics.median(row[e]) for e in ("mariadb", "sqlite") if e in row}
        answer = "yes" if max(seconds.values()) < LIMIT_S else "no"
        shown = " | ".join(
            f"{1000 * seconds[e]:.0f}" if e in seconds else "" for e in ("mariadb", "sqlite")
        )
        print(f"| {row['view']} | {row['question']} | {row['rows']:,} | {shown} | {answer} |")


def _table_of_slices(asked: list[dict[str, Any]], exposures: int) -> None:
    samples = asked[0]["samples"] if asked else 0
    print(f"\nSlices of {exposures:,} exposures with {samples:,} samples, median s\n")
    print("| question | rows | MariaDB | SQLite | limit |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for row in asked:
        seconds = " | ".join(f"{statistics.median(row[e]):.3f}" for e in ("mariadb", "sqlite"))
        print(f"| {row['question']} | {row['rows']:,} | {seconds} | {row['limit_s'] or ''} |")


def _table_of_reading(seconds: dict[str, dict[str, list[float]]]) -> None:
    print("\nReading back, medians\n")
    print("| what | MariaDB | SQLite |")
    print("| --- | ---: | ---: |")
    for name in WAYS:
        middle = (statistics.median(seconds[engine][name]) for engine in ("mariadb", "sqlite"))
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in middle)} |")


def _machine(server_version: str) -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "server": server_version,
    }


def main() -> None:
    """Measure, print tables, and write the figures as JSON."""
    options = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="aomuse-bench-"))
    folder.chmod(0o755)
    server = Server(folder / "server")
    try:
        print(f"simulating {options.exposures} exposures of {options.sources} sources", flush=True)
        root = folder / "tree"
        simulate(root, exposures=options.exposures, sources=options.sources)
        # AOMUSE 2020 had one analysis of an exposure, and all contestants do the same work.
        shutil.rmtree(root / "analysis" / "maoppy", ignore_errors=True)
        server.start(buffer_pool="4G", options=OPTIONS, end_with_parent=True)
        result = _measure(Warehouse(server, folder), root, options)
    finally:
        server.stop()
        shutil.rmtree(folder)
    if options.check:
        _check(result)
        return
    options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(f"\nfigures in {options.json}")


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
    if len(result["seconds_at_size"]) != len(QUESTIONS) + len(EXPECTED):
        raise SystemExit("error: not all questions were asked at size")
    print("\neverything was measured")


def _measure(warehouse: Warehouse, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    loads: dict[str, list[float]] = {name: [] for name in LOADS}
    contestants = RIVALS | other_drivers(options.connector_2)
    rivals: dict[str, list[float]] = {name: [] for name in contestants}
    rows = _source_rows(root)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        for name, (load, workers) in LOADS.items():
            loads[name].append(load(warehouse, root, workers))
        for name, rival in contestants.items():
            rivals[name].append(rival(warehouse, rows, root.parent))
    spent = {backend: stages(warehouse, root, backend) for backend in ("mariadb", "sqlite")}
    questions = ask(warehouse, root, options.rounds)
    back = read_back(warehouse, root, options.rounds)
    print(f"making warehouses of {options.many:,} exposures", flush=True)
    at_size = ask_at_size(warehouse, root.parent, options.many, options.rounds)
    slices = ask_slices(warehouse, root, options.slices, options.rounds) if options.slices else []
    _table("Whole load, seconds an exposure", loads, "s", "JSON blobs (as AOMUSE 2020)")
    _table(f"Source rows of one exposure ({len(rows):,} rows)", rivals, "s", "LOAD DATA INFILE")
    _table("Mean FWHM of each source of each exposure", questions, "s", "JSON blobs")
    _table_of_reading(back)
    _table_at_size(at_size, options.many)
    _table_of_slices(slices, options.slices)
    print("\nStages of aomuse's load, seconds an exposure, one process\n")
    print(pd.DataFrame(spent).round(3).to_string())
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"\npeak memory of a worker process: {peak} MB")
    with warehouse.mariadb().connect() as connection:
        version = str(connection.exec_driver_sql("SELECT VERSION()").scalar())
    return {
        "machine": _machine(version),
        "options": {k: str(v) for k, v in vars(options).items()},
        "seconds_an_exposure": loads,
        "source_rows": len(rows),
        "seconds_for_source_rows": rivals,
        "seconds_for_question": questions,
        "seconds_of_reading": back,
        "seconds_at_size": at_size,
        "seconds_for_slices": slices,
        "stages": spent,
        "peak_worker_memory_mb": peak,
    }


if __name__ == "__main__":
    main()
