"""The registry of metrics in the database."""

from __future__ import annotations

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
    if new := [metric.row for metric in METRICS if metric.id not in stored]:
        connection.execute(sa.insert(Metric), new)
    for metric in METRICS:
        if stored.get(metric.id, metric.row) != metric.row:
            connection.execute(sa.update(Metric).where(Metric.id == metric.id).values(metric.row))
