"""What runs found wrong: load_issue; and files that moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Engine

from aomuse.exchange.files import FoundFile
from aomuse.exchange.issue import Issue
from aomuse.ledger.known_exposures import StoredFile
from aomuse.ledger.named_locks import exclusive_transaction
from aomuse.ledger.selecting import below, chunks
from aomuse.models import LoadIssue, SourceFile
from aomuse.paths import shown


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
    for some in chunks([*map(shown, paths)]):
        _close_orphans(connection, run_id, LoadIssue.path.in_(some))
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
    folders = [shown(root.rstrip("/")) for root in roots]
    with exclusive_transaction(engine, "issues of files") as connection:
        _close_orphans(connection, run_id, below(LoadIssue.path, folders))
        record_issues(connection, run_id, None, issues)


def _close_orphans(connection: Connection, run_id: int, chosen: ColumnElement[bool]) -> None:
    """Close open issues that belong to no exposure and whose path is chosen."""
    orphans = sa.and_(LoadIssue.exposure_id.is_(None), LoadIssue.closed_run_id.is_(None), chosen)
    # An update that looks for them itself would wait for whatever others write beside them.
    for some in chunks(connection.scalars(sa.select(LoadIssue.id).where(orphans)).all()):
        close = sa.update(LoadIssue).where(LoadIssue.id.in_(some))
        connection.execute(close.values(closed_run_id=run_id))


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
