"""The record of runs, and of what they found wrong."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.db import inserted_id, write_transaction
from aomuse.exchange.files import FoundFile
from aomuse.exchange.issue import Issue
from aomuse.ledger.known_exposures import KnownFile
from aomuse.models import LoadIssue, LoadRun, SourceFile

_CHUNK = 400


def utc_now() -> dt.datetime:
    """Return the time as the database keeps it: UTC, without a zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


@dataclass
class Run:
    """A run of the loader.

    Parameters
    ----------
    id : int
        load_run.id.
    counts : Counter
        Exposures by outcome: found, loaded, completed, replaced, unchanged, failed.
    row_count : int
        Rows written.
    """

    id: int
    counts: Counter[str] = field(default_factory=Counter)
    row_count: int = 0

    def count(self, outcome: str, row_count: int, *, failed: bool) -> None:
        """Count an exposure, and once more as failed if something of it is not stored."""
        self.counts["found"] += 1
        self.counts[outcome] += 1
        self.counts["failed"] += failed and outcome != "failed"
        self.row_count += row_count


def start_run(engine: Engine, command: str, roots: Sequence[str], revision: str) -> Run:
    """Record the start of a run, and the end of runs that were killed."""
    with write_transaction(engine) as connection:
        # Who holds the lock knows that no other run is alive.
        connection.execute(
            sa.update(LoadRun).where(LoadRun.outcome == "running").values(outcome="killed")
        )
        run_id = inserted_id(
            connection,
            sa.insert(LoadRun).values(
                command=command,
                root="\n".join(roots),
                started_utc=utc_now(),
                outcome="running",
                host=socket.gethostname(),
                process_id=os.getpid(),
                aomuse_version=version("aomuse"),
                schema_revision=revision,
                **dict.fromkeys(_COUNTS.values(), 0),
                row_count=0,
            ),
        )
    return Run(run_id)


_COUNTS = {
    "found": "exposures_found",
    "loaded": "exposures_loaded",
    "completed": "exposures_completed",
    "replaced": "exposures_replaced",
    "unchanged": "exposures_unchanged",
    "failed": "exposures_failed",
}


def finish_run(engine: Engine, run: Run, outcome: str) -> None:
    """Record the end of a run."""
    counts = {column: run.counts[name] for name, column in _COUNTS.items()}
    with write_transaction(engine) as connection:
        connection.execute(
            sa.update(LoadRun)
            .where(LoadRun.id == run.id)
            .values(finished_utc=utc_now(), outcome=outcome, row_count=run.row_count, **counts)
        )


def record_issues(
    connection: Connection,
    run_id: int,
    exposure_id: int | None,
    issues: Iterable[Issue],
    paths: Collection[str] = (),
) -> None:
    """Close what was said before of an exposure and its files, and record what there is now."""
    still_open = LoadIssue.closed_run_id.is_(None)
    if exposure_id is not None:
        connection.execute(
            sa.update(LoadIssue)
            .where(LoadIssue.exposure_id == exposure_id, still_open)
            .values(closed_run_id=run_id)
        )
    if paths:
        _close_orphans(connection, run_id, set(paths).__contains__)
    rows = [
        {
            "load_run_id": run_id,
            "exposure_id": exposure_id,
            "severity": issue.severity,
            "code": issue.code,
            "path": issue.path,
            "extension_name": issue.extension,
            "message": " ".join(issue.message.split()),
        }
        for issue in dict.fromkeys(issues)
    ]
    if rows:
        connection.execute(sa.insert(LoadIssue), rows)


def record_orphans(
    engine: Engine, run_id: int, roots: Sequence[str], issues: Iterable[Issue]
) -> None:
    """Record what there is to say of files that belong to no exposure.

    What was said of files below the roots before is closed: the run looked at all of them again.
    """
    prefixes = tuple(root.rstrip("/") + "/" for root in roots)
    with write_transaction(engine) as connection:
        _close_orphans(connection, run_id, lambda path: path.startswith(prefixes))
        record_issues(connection, run_id, None, issues)


def _close_orphans(connection: Connection, run_id: int, chosen: Callable[[str], bool]) -> None:
    """Close open issues that belong to no exposure and whose path is chosen."""
    rows = connection.execute(
        sa.select(LoadIssue.id, LoadIssue.path).where(
            LoadIssue.exposure_id.is_(None), LoadIssue.closed_run_id.is_(None)
        )
    ).all()
    close = [row.id for row in rows if row.path and chosen(row.path)]
    for start in range(0, len(close), _CHUNK):
        connection.execute(
            sa.update(LoadIssue)
            .where(LoadIssue.id.in_(close[start : start + _CHUNK]))
            .values(closed_run_id=run_id)
        )


def touch_files(connection: Connection, touched: Iterable[tuple[KnownFile, FoundFile]]) -> None:
    """Record that files have the content they had, but another name, place or time."""
    for known, found in touched:
        connection.execute(
            sa.update(SourceFile)
            .where(SourceFile.id == known.id)
            .values(
                name=found.name,
                path=str(found),
                size_bytes=found.size,
                mtime_ns=found.mtime_ns,
            )
        )
