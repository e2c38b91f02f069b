"""Rows of a healthy file that a damaged one would replace: they stay, and an issue says so."""

from __future__ import annotations

import zlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.files import FoundFile
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.ledger.known_exposures import StoredFile
from aomuse.ledger.planning import Plan
from aomuse.models import Header

_KEPT = (
    "the rows of its earlier content stay in the database: repair the file, or remove it and load "
    "with --reload to go on without it"
)


def reasons_to_keep(
    connection: Connection, plan: Plan, exposure: NormalizedExposure
) -> list[Issue]:
    """Return why the rows that an exposure has must stay; nothing if they may be replaced."""
    files: list[Any] = [
        row for frame in exposure.of("source_file") for row in frame.itertuples(index=False)
    ]
    read = {row.path: row for row in files if row.outcome != "failed"}
    issues = []
    for file in (file for known in plan.known for file in known.files if file.loaded):
        path: str | None = None
        if file.path not in read:
            path = next((str(f) for f in exposure.failed if _stands_for(f, file)), None)
        elif not plan.forced and (cut := _cut(connection, file, read[file.path], exposure)):
            path = file.path
            issues.append(cut)
        if path is not None:
            issues.append(Issue("warning", "rows_kept", _KEPT, path))
    return issues


def _stands_for(found: FoundFile, file: StoredFile) -> bool:
    """Return whether a file that could not be read is the present one of a stored file."""
    if found.role != file.role:
        return False
    if file.imported and file.role not in ("prm", "psf"):
        return True
    return str(found) == file.path or _plain(found.name) == _plain(file.name)


def _plain(name: str) -> str:
    return name.removesuffix(".fz").removesuffix(".fits")


def _cut(
    connection: Connection, file: StoredFile, row: Any, exposure: NormalizedExposure
) -> Issue | None:
    """Return an error if a file has become shorter, and ends between two of its HDUs."""
    if file.imported or row.size_bytes >= file.size:
        return None
    columns = (Header.hdu_index, Header.extension_name, Header.card_images)
    stored = connection.execute(
        sa.select(*columns).where(Header.source_file_id == file.id).order_by(Header.hdu_index)
    ).all()
    present = [
        images
        for frame in exposure.of("header")
        for images in frame["card_images"][frame["file"] == row.file]
    ]
    if len(present) >= len(stored) or any(
        blob is None or old.card_images is None or not _same(blob, old.card_images)
        for blob, old in zip(present, stored, strict=False)
    ):
        return None
    lost = ", ".join(old.extension_name or str(old.hdu_index) for old in stored[len(present) :])
    message = (
        f"the file has lost {lost[:500]} from its end since it was loaded: get the file again, or "
        "load with --reload if this is meant"
    )
    return Issue("error", "truncated", message, row.path)


def _same(one: bytes, other: bytes) -> bool:
    return one == other or zlib.decompress(one) == zlib.decompress(other)
