"""What a torture starts from: a small night, an old database, and oracles."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from astropy.io import fits

from scripts.torture.commands import Ended, run
from scripts.torture.databases import Database
from scripts.torture.invariants import Digests, counts_by_files, digests, orphans, row_counts


class UnfitError(Exception):
    """Even an undisturbed command does not give what it should."""


@dataclass(frozen=True)
class Ground:
    """A night, and what an undisturbed load of it gives on one engine."""

    root: Path
    old: Path
    wanted: Digests
    imported: Digests
    #: Seconds that each command takes undisturbed.
    seconds: dict[str, float]
    #: What `export seed-json` writes: contents by file name.
    exported: dict[str, bytes]
    #: What undisturbed predictions give.
    predicted: Digests


def run_well(database: Database, *arguments: str | Path) -> Ended:
    """Run a command that must succeed."""
    ended = run(database.url, *arguments)
    if problems := ended.problems(0):
        raise UnfitError(f"aomuse {' '.join(map(str, arguments))}: {problems[0]}")
    return ended


def prepare(database: Database, folder: Path, root: Path) -> Ground:
    """Run every command undisturbed, and return what it gives and takes."""
    seconds = {}
    folder.mkdir(parents=True, exist_ok=True)

    def timed(name: str, *arguments: str | Path) -> None:
        seconds[name] = run_well(database, *arguments).seconds

    database.empty()
    timed("migrate", "migrate")
    timed("load", "load", root)
    timed("load --reload", "load", "--reload", root)
    timed("metrics --recompute", "metrics", "--recompute")
    wanted = digests(database)
    if problems := _unlike_files(wanted, counts_by_files(root)) + orphans(database):
        raise UnfitError("; ".join(problems))
    timed("verify", "verify", root)
    timed("export", "export", "seed-json", folder / "out")
    timed("backup", "backup", folder / "whole.backup")
    timed("predict", "predict")
    predicted = digests(database)
    timed("drop", "drop", "--yes")
    timed("restore", "restore", folder / "whole.backup")
    exported = contents(folder / "out")
    old = folder / "old.db"
    _make_old(old, list(exported.values()))
    run_well(database, "drop", "--yes")
    run_well(database, "migrate")
    timed("import-blobs", "import-blobs", f"sqlite:///{old}")
    imported = digests(database)
    database.empty()
    return Ground(root, old, wanted, imported, seconds, exported, predicted)


def shorten_telemetry(root: Path) -> None:
    """Leave one sample of SPARTA in each raw file: a prediction takes a second a sample."""
    for raw in root.glob("**/raw/**/MUSE*.fits*"):
        with fits.open(raw, mode="update", memmap=False) as hdus:
            if "SPARTA_ATM_DATA" in hdus:
                hdus["SPARTA_ATM_DATA"].data = hdus["SPARTA_ATM_DATA"].data[:1]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the documents in a folder, by name; hidden files are not whole yet."""
    found = folder.rglob("*.json") if folder.exists() else ()
    return {path.name: path.read_bytes() for path in found if not path.name.startswith(".")}


def _unlike_files(found: Digests, counts: dict[str, dict[str, int]]) -> list[str]:
    rows = row_counts(found)
    problems = [f"{name} is not loaded" for name in counts.keys() ^ rows.keys()]
    for name in counts.keys() & rows.keys():
        problems += [
            f"{name}: {table} has {rows[name].get(table, 0)} rows, the files {count}"
            for table, count in counts[name].items()
            if rows[name].get(table, 0) != count
        ]
    return problems


def _make_old(file: Path, documents: list[bytes]) -> None:
    """Write a database as AOMUSE 2020 did."""
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE target (id INTEGER PRIMARY KEY, targetname TEXT UNIQUE)")
        connection.execute(
            "CREATE TABLE exposure (id INTEGER PRIMARY KEY, insmode TEXT, analysisfile TEXT,"
            " rawfile TEXT, data TEXT, psfparams TEXT, sources TEXT, target INTEGER)"
        )
        for text in documents:
            document = json.loads(text)
            connection.execute(
                "INSERT OR IGNORE INTO target (targetname) VALUES (?)", (document["targetName"],)
            )
            ((target,),) = connection.execute(
                "SELECT id FROM target WHERE targetname = ?", (document["targetName"],)
            ).fetchall()
            blobs = [json.dumps(document[name]) for name in ("data", "psfParams", "sources")]
            connection.execute(
                "INSERT INTO exposure (insmode, analysisfile, rawfile, data, psfparams, sources,"
                " target) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(document[name] for name in ("insMode", "analysisFile", "rawFile")),
                    *blobs,
                    target,
                ),
            )
    connection.close()
