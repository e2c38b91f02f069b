"""The registry of metrics in the database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.ledger.named_locks import exclusive_transaction
from aomuse.metrics.registry import METRICS
from aomuse.models import Metric


def register_metrics(engine: Engine) -> None:
    """Bring the registry of metrics into the database."""
    with exclusive_transaction(engine, "registry of metrics") as connection:
        register(connection)


def register(connection: Connection) -> None:
    """Write the metrics that are new or have changed."""
    stored = {
        row.id: dict(row._mapping) for row in connection.execute(sa.select(*Metric.__table__.c))
    }
    if new := [row for number, row in _rows().items() if number not in stored]:
        connection.execute(sa.insert(Metric), new)
    for number, row in _rows().items():
        if stored.get(number, row) != row:
            connection.execute(sa.update(Metric).where(Metric.id == number).values(row))


@cache
def _rows() -> dict[int, Mapping[str, Any]]:
    return {metric.id: metric.row for metric in METRICS}
