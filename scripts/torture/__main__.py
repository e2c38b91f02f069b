"""Torture aomuse: ``python -m scripts.torture --minutes 30``; the last lines are a table.

A problem is printed with its seed; ``--only PART --what WHAT --once SEED`` repeats that trial.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.mariadb_server import Server
from scripts.torture.databases import Database, MariaDb, Sqlite
from scripts.torture.faults import FEW_CONNECTIONS, Saboteur, full_disk
from scripts.torture.fuzz import ROLES, Fuzzer, seeds
from scripts.torture.ground import Ground, prepare, run_well, shorten_telemetry
from scripts.torture.kills import Killer
from scripts.torture.loaders import Loaders
from scripts.torture.readers import Reader
from scripts.torture.tally import Tally

#: Commits are durable: what a killed server has said is stored, is.
OPTIONS = (
    "--innodb-flush-log-at-trx-commit=1",
    f"--max-connections={FEW_CONNECTIONS}",
    "--connect-timeout=10",
)
#: Parts, and their shares of the time.
PARTS = {
    "kills": 0.4,
    "loaders": 0.1,
    "faults": 0.2,
    "readers": 0.1,
    "files": 0.15,
    "grid": 0.05,
}


class Trials(NamedTuple):
    """Trials of one kind, each by a seed."""

    what: tuple[str, ...]
    trial: Callable[[str, int], None]


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    minutes = float(os.environ.get("TORTURE_MINUTES") or 30)
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    parser.add_argument("--what", help="one command, fault, reader or role of a file")
    parser.add_argument("--rounds", type=int, help="so many trials of each kind, not minutes")
    parser.add_argument("--once", type=int, metavar="SEED", help="repeat the trial of a seed")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    """Torture for some minutes and print what was done; 1 if there was a problem."""
    options = _arguments(given)
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {options.seed}, {options.minutes:g} minutes", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="aomuse-torture-"))
    folder.chmod(0o755)
    server = Server(folder / "server")
    total = Tally(0)
    try:
        server.start(options=OPTIONS, end_with_parent=True)
        _torture(options, server, folder, total)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    minutes = (time.monotonic() - started) / 60
    print(f"\n{minutes:.0f} minutes on {len(os.sched_getaffinity(0))} cores,", end=" ")
    print(f"Python {platform.python_version()}, seed {options.seed}\n")
    print(total.table())
    return 1 if total.problem_count else 0


def _torture(options: argparse.Namespace, server: Server, folder: Path, total: Tally) -> None:
    root = folder / "night"
    sqlite = Sqlite(folder / "sqlite" / "aomuse.db")
    sqlite.file.parent.mkdir()
    databases: tuple[Database, ...] = (sqlite, MariaDb(server, "aomuse_torture"))
    parts = [options.only] if options.only else list(PARTS)
    grounds: dict[str, Ground] = {}
    if parts != ["loaders"]:  # which have a night of their own
        run_well(sqlite, "simulate", root, "--exposures", "3", "--sources", "3", "--layers", "40")
        shorten_telemetry(root)
        grounds = {d.engine: prepare(d, folder / d.engine, root) for d in databases}
        print("undisturbed, every command gives what it should", flush=True)
    shares = {part: PARTS[part] / sum(PARTS[p] for p in parts) for part in parts}
    draw = seeds(options.seed)
    for part in parts:
        tally = Tally(60 * options.minutes * shares[part])
        if part == "grid":
            _grid(tally, next(draw))
        else:
            kinds = _kinds(part, databases, grounds, server, folder, tally)
            _repeat(kinds, options, tally, draw)
        for key, count in tally.trials.items():
            total.trials[key] += count
        print(f"{part}: {tally.trials.total()} trials, {tally.problem_count} problems", flush=True)
        total.hits.update(tally.hits)
        total.problems.update(tally.problems)


def _repeat(
    kinds: list[Trials], options: argparse.Namespace, tally: Tally, draw: Iterator[int]
) -> None:
    """Try all kinds in turn while there is time, or so many times."""
    rounds = 1 if options.once is not None else options.rounds
    done = 0
    while tally.has_time if rounds is None else done < rounds:
        done += 1
        for kind in kinds:
            for what in kind.what:
                if options.what in (None, what) and (tally.has_time or rounds is not None):
                    kind.trial(what, options.once if options.once is not None else next(draw))


def _kinds(
    part: str,
    databases: tuple[Database, ...],
    grounds: dict[str, Ground],
    server: Server,
    folder: Path,
    tally: Tally,
) -> list[Trials]:
    sqlite, mariadb = databases
    assert isinstance(mariadb, MariaDb)
    for database in databases:
        database.empty()
    if part == "kills":
        killers = [Killer(d, grounds[d.engine], folder / d.engine, tally) for d in databases]
        return [Trials(killer.commands, killer.trial) for killer in killers]
    if part == "loaders":
        night = folder / "six"
        run_well(sqlite, "simulate", night, "--exposures", "6", "--sources", "2", "--layers", "12")
        loaders = Loaders(mariadb, night, folder, tally)
        return [Trials(loaders.kinds, loaders.trial)]
    if part == "readers":
        readers = [Reader(d, grounds[d.engine], folder, tally) for d in databases]
        return [Trials(reader.kinds, reader.trial) for reader in readers]
    if part == "faults":
        run_well(mariadb, "migrate")
        ground = grounds[mariadb.engine]
        run_well(mariadb, "load", ground.root)
        saboteur = Saboteur(server, OPTIONS, mariadb, ground, tally)

        def fill_disk(_: str, seed: int) -> None:
            full_disk(sqlite, grounds[sqlite.engine], tally, seed)

        return [Trials(saboteur.kinds, saboteur.trial), Trials(("full disk",), fill_disk)]
    small, template = folder / "small", folder / "template" / "aomuse.db"
    template.parent.mkdir()
    run_well(sqlite, "simulate", small, "--exposures", "1", "--sources", "3", "--layers", "20")
    run_well(Sqlite(template), "migrate")
    fuzzer = Fuzzer(small, template, folder / "fuzz", tally)
    return [Trials(ROLES, fuzzer.trial)]


def _grid(tally: Tally, seed: int) -> None:
    """Run the tests that generate columns of every format, with more examples than usual."""
    tests = Path(__file__).resolve().parents[2] / "tests"
    chosen = [str(path) for path in (tests / "read", tests / "stored", tests / "verify")]
    while tally.has_time:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-n", "0", "-k", "grid"),
                *("--hypothesis-profile", "torture", f"--hypothesis-seed={seed}"),
                *("-p", "no:cacheprovider", *chosen),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 5:
            return
        problems = [done.stdout[-1000:]] if done.returncode else []
        tally.count("columns", "grid of formats", problems, seed)
        seed += 1


if __name__ == "__main__":
    sys.exit(main())
