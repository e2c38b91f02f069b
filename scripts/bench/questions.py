"""The simplest question, from blobs, from samples and from summaries."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aomuse import pipeline
from scripts.bench import blobs
from scripts.bench.warehouse import Warehouse

SAMPLES = "SELECT psf_fit_id, pampelmuse_id, AVG(fwhm) FROM source_sample GROUP BY 1, 2"
SUMMARIES = (
    "SELECT psf_fit_id, pampelmuse_id, mean FROM source_summary"
    " WHERE wavelength_window_id = 1 AND quantity = 'fwhm'"
)


def ask(warehouse: Warehouse, root: Path, rounds: int) -> dict[str, list[float]]:
    """Return seconds for the mean FWHM of each source of each exposure, three ways."""
    engine = warehouse.mariadb()
    pipeline.load(engine, [root])
    blobs.load(warehouse.server.url, root)
    ways: dict[str, Callable[[], list[float]]] = {
        "JSON blobs": lambda: list(blobs.mean_fwhm(engine).values()),
        "SQL on source_sample": lambda: _column(engine, SAMPLES),
        "SQL on source_summary": lambda: _column(engine, SUMMARIES),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            begun = time.perf_counter()
            answers[name] = sorted(way())
            seconds[name].append(time.perf_counter() - begun)
    first, *others = answers.values()
    for other in others:
        same = [math.isclose(a, b, rel_tol=1e-9) for a, b in zip(first, other, strict=True)]
        if not all(same):
            raise SystemExit("bench: the answers differ")
    return seconds


def _column(engine: sa.Engine, sql: str) -> list[float]:
    with engine.connect() as connection:
        rows: list[Any] = list(connection.exec_driver_sql(sql).all())
    return [row[2] for row in rows]
