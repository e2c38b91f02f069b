"""The memory of headers between loads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.exchange.files import FoundFile, Identity, Role
from aomuse.ledger.named_locks import exclusive_transaction
from aomuse.ledger.selecting import below, chunks
from aomuse.models import KnownFile

#: To be raised when the same header would give another identity than before.
RULE_SET = 1
_MAX_TEXT = 255


class KnownHeaders:
    """What earlier loads read in the headers of files."""

    def __init__(self, connection: Connection, roots: Sequence[str]) -> None:
        select = sa.select(*KnownFile.__table__.columns).where(below(KnownFile.path, roots))
        self._rows = {row.path: row for row in connection.execute(select)}

    def recall(self, file: FoundFile) -> Identity | None:
        """Return what is known of a file that has not changed, None otherwise."""
        row = self._rows.get(str(file))
        if row is None or (row.folder_role, row.rule_set) != (file.role, RULE_SET):
            return None
        if (row.size_bytes, row.mtime_ns) != (file.size, file.mtime_ns):
            return None
        return Identity(
            archive_id=row.archive_id,
            raw_file=row.raw_file,
            combined=row.left_out_reason if row.is_combined else None,
            left_out=None if row.is_combined else row.left_out_reason,
            role=row.role,
            product=row.product,
            start_utc=row.date_obs_utc,
            mjd_utc=row.mjd_obs_utc,
        )


def remember_headers(
    engine: Engine,
    run_id: int,
    identities: Mapping[FoundFile, tuple[Role, Identity]],
    files: Iterable[FoundFile],
    roots: Sequence[str],
) -> None:
    """Store what headers say, and forget files below the roots that no longer exist.

    ``identities`` has for each file whose header was read its role by the folder, and the header.
    """
    paths = {str(file) for file in files}
    rows = [_row(run_id, file, *identity) for file, identity in identities.items()]
    renewed = [row["path_sha256"] for row in rows]
    known = sa.select(KnownFile.id, KnownFile.path).where(below(KnownFile.path, roots))
    with exclusive_transaction(engine, "memory of headers") as connection:
        gone = [row.id for row in connection.execute(known) if row.path not in paths]
        for column, values in ((KnownFile.id, gone), (KnownFile.path_sha256, renewed)):
            for some in chunks(values):
                connection.execute(sa.delete(KnownFile).where(column.in_(some)))
        if rows:
            connection.execute(sa.insert(KnownFile), rows)


def _row(run_id: int, file: FoundFile, folder_role: Role, header: Identity) -> dict[str, Any]:
    texts = {
        "left_out_reason": header.left_out or header.combined,
        "archive_id": header.archive_id,
        "raw_file": header.raw_file,
        "product": header.product,
    }
    return {
        "load_run_id": run_id,
        "path_sha256": hashlib.sha256(str(file).encode()).hexdigest(),
        "path": str(file),
        "folder_role": folder_role,
        "size_bytes": file.size,
        "mtime_ns": file.mtime_ns,
        "role": header.role,
        "rule_set": RULE_SET,
        "is_combined": header.combined is not None,
        "date_obs_utc": header.start_utc,
        "mjd_obs_utc": header.mjd_utc,
        **{name: None if text is None else text[:_MAX_TEXT] for name, text in texts.items()},
    }
