"""Metrics made for a test, in place of those of files."""

import sqlalchemy as sa
from warehouse import insert

from aomuse.metrics import metric_of


def add_metrics(engine: sa.Engine, of: str, number: int, **values: float | None) -> None:
    """Store metrics of an exposure or of an analysis (``psf_fit``)."""
    rows = [
        {f"{of}_id": number, "metric_id": metric_of(name).id, "value": value}
        for name, value in values.items()
    ]
    insert(engine, f"{of}_metric", *rows)
