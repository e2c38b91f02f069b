"""The way back: samples as a frame, verify, the export, and the import of what was exported."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse import pipeline
from aomuse.database import Database
from aomuse.legacy import import_blobs
from aomuse.legacy.export import export
from aomuse.verify import verify
from scripts.bench.warehouse import Warehouse

#: What is timed. The frame's rival is the driver: tuples, as text on MariaDB, not yet in columns.
DRIVER, FRAME = "rows of the driver, µs each", "rows of db.sources(), µs each"
LAYERS = "rows of db.psf(), µs each"
VERIFY, EXPORT = "verify, s per exposure", "export seed-json, s per exposure"
IMPORT = "import-blobs, s per 45 MB"
WAYS = (DRIVER, FRAME, LAYERS, VERIFY, EXPORT, IMPORT)
_SAMPLES = (
    "SELECT psf_fit_id, layer, pampelmuse_id, snr, flux, fwhm, beta, xc, yc FROM source_sample"
    " ORDER BY psf_fit_id, layer, pampelmuse_id"
)
#: A database of AOMUSE 2020.
_TABLES_2020 = (
    "CREATE TABLE target (id INTEGER PRIMARY KEY, targetname TEXT)",
    "CREATE TABLE exposure (id INTEGER PRIMARY KEY, insmode TEXT, analysisfile TEXT, rawfile TEXT,"
    " data TEXT, psfparams TEXT, sources TEXT, target INTEGER)",
)


def _driver_rows(engine: Engine) -> int:
    """Read all samples as tuples, in parts."""
    count = 0
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        options = {} if engine.dialect.name == "sqlite" else {"buffered": False}
        cursor = driver.cursor(**options)
        cursor.execute(_SAMPLES)
        while rows := cursor.fetchmany(20_000):
            count += len(rows)
        cursor.close()
    return count


def _frames(engine: Engine) -> int:
    return sum(len(part) for part in Database(engine).sources(chunk_rows=100_000))


def write_old_database(documents: Path, path: Path) -> int:
    """Write exported documents as blobs into a SQLite file as of AOMUSE 2020; return bytes."""
    path.unlink(missing_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}")
    size = 0
    with engine.begin() as connection:
        for statement in _TABLES_2020:
            connection.exec_driver_sql(statement)
        for number, file in enumerate(sorted(documents.glob("*.json")), 1):
            document = json.loads(file.read_text())
            blobs = [json.dumps(document[name]) for name in ("data", "psfParams", "sources")]
            size += sum(map(len, blobs))
            plain = (document[name] for name in ("insMode", "analysisFile", "rawFile"))
            connection.exec_driver_sql(
                "INSERT INTO target VALUES (?, ?)", (number, f"{number} {document['targetName']}")
            )
            connection.exec_driver_sql(
                "INSERT INTO exposure VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (number, *plain, *blobs, number),
            )
    engine.dispose()
    return size


def read_back(warehouse: Warehouse, root: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Time the ways back on both engines.

    Parameters
    ----------
    warehouse : Warehouse
        Makes the databases.
    root : pathlib.Path
        The tree that is loaded.
    rounds : int
        How often each is done.

    Returns
    -------
    dict
        Seconds of each round, by engine and by what was done: rows of frames in microseconds each,
        the import in seconds per 45 MB.
    """
    found: dict[str, dict[str, list[float]]] = {}
    documents, old = root.parent / "documents", root.parent / "old.db"
    for make in (warehouse.mariadb, warehouse.sqlite):
        engine = make()
        exposures = sum(pipeline.load(engine, [root], workers=2).counts.values())
        with engine.connect() as connection:
            samples = connection.scalar(sa.text("SELECT COUNT(*) FROM source_sample")) or 1
        if _frames(engine) != samples:
            raise SystemExit("bench: the frames do not have all samples")
        layers = len(Database(engine).psf())
        seconds: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(rounds):
            for name, work, scale in (
                (DRIVER, partial(_driver_rows, engine), 1e6 / samples),
                (FRAME, partial(_frames, engine), 1e6 / samples),
                (LAYERS, Database(engine).psf, 1e6 / layers),
                (VERIFY, partial(verify, engine), 1 / exposures),
                (EXPORT, partial(_export, engine, documents), 1 / exposures),
            ):
                seconds[name].append(_timed(work) * scale)
        engine.dispose()
        size = write_old_database(documents, old)
        for _ in range(rounds):
            empty = make()
            spent = _timed(partial(import_blobs, empty, f"sqlite:///{old}"))
            seconds[IMPORT].append(spent * 45e6 / size)
            empty.dispose()
        found[engine.dialect.name] = seconds
    return found


def _export(engine: Engine, folder: Path) -> int:
    return len(list(export(engine, folder)))


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
