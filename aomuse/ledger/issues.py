"""What runs found wrong: load_issue; and files that moved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.db import write_transaction
from aomuse.exchange.files import FoundFile
from aomuse.exchange.issue import Issue
from aomuse.ledger.known_exposures import StoredFile
from aomuse.models import LoadIssue, SourceFile
from aomuse.paths import shown

_CHUNK = 400


def record_issues(
    connection: Connection,
    run_id: int,
    exposure_id: int | None,
    issues: Iterable[Issue],
    paths: Collection[str] = (),
) -> None:
    """Close the earlier issues of an exposure and its files, and record the present ones."""
    still_open = LoadIssue.closed_run_id.is_(None)
    if exposure_id is not None:
        connection.execute(
            sa.update(LoadIssue)
            .where(LoadIssue.exposure_id == exposure_id, still_open)
            .values(closed_run_id=run_id)
        )
    if paths:
        _close_orphans(connection, run_id, set(map(shown, paths)).__contains__)
    rows = [
        {
            "load_run_id": run_id,
            "exposure_id": exposure_id,
            "severity": issue.severity,
            "code": issue.code,
            "path": issue.path and shown(issue.path),
            "extension_name": issue.extension and shown(issue.extension),
            "message": shown(issue.message),
        }
        for issue in dict.fromkeys(issues)
    ]
    if rows:
        connection.execute(sa.insert(LoadIssue), rows)


def record_orphans(
    engine: Engine, run_id: int, roots: Sequence[str], issues: Iterable[Issue]
) -> None:
    """Record issues of files that belong to no exposure, and close earlier ones below the roots."""
    prefixes = tuple(shown(root.rstrip("/")) + "/" for root in roots)
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


def touch_files(connection: Connection, touched: Iterable[tuple[StoredFile, FoundFile]]) -> None:
    """Record the new name, place and time of files whose content is the same."""
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
