"""Documents as imported_document has them: in parts, and changed when a table's value changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import AomuseError
from aomuse.models import ImportedDocument

#: Characters of one row: far below every limit of a packet.
PART_CHARACTERS = 1_000_000


class DocumentWriter:
    """Writes the documents of one exposure, in as many rows as they take."""

    def __init__(self, connection: Connection, exposure_id: int) -> None:
        self._connection = connection
        self._exposure_id = exposure_id
        self.row_count = 0

    def write(self, fit: int | None, source: str, document: str, kind: str, value: str) -> None:
        """Write a document that is JSON."""
        for part, start in enumerate(range(0, max(len(value), 1), PART_CHARACTERS)):
            self._connection.execute(
                sa.insert(ImportedDocument).values(
                    exposure_id=self._exposure_id,
                    position=self.row_count,
                    psf_fit_id=fit,
                    source=source,
                    document=document,
                    kind=kind,
                    part=part,
                    content=value[start : start + PART_CHARACTERS],
                )
            )
            self.row_count += 1


def differences(
    connection: Connection, exposure_id: int, psf_fit_id: int | None = None
) -> dict[str, dict[str, Any]]:
    """Return how the documents of an imported exposure differ from what the tables give."""
    first: dict[str, int | None] = {}
    texts: dict[str, str] = {}
    for row in _difference_rows(connection, exposure_id, None, psf_fit_id):
        # Without an analysis the first one speaks for the exposure.
        if row.psf_fit_id == first.setdefault(row.document, row.psf_fit_id):
            texts[row.document] = texts.get(row.document, "") + row.content
    return {document: json.loads(text) for document, text in texts.items()}


def drop_difference(
    connection: Connection,
    exposure_id: int,
    document: str,
    path: Sequence[str],
    psf_fit_id: int | None = None,
) -> None:
    """Drop what is kept of one value of a document, so that the value in the tables counts."""
    rows = _difference_rows(connection, exposure_id, document, psf_fit_id)
    for fit in dict.fromkeys(row.psf_fit_id for row in rows):
        parts = [row for row in rows if row.psf_fit_id == fit]
        change = json.loads("".join(part.content for part in parts))
        if not _drop(change, path):
            raise AomuseError(
                f"{document} was imported in a shape that no table holds, and is kept as text: "
                "nothing was changed"
            )
        text = json.dumps(change)
        # No longer than it was, but for a new keyword: it fits into the rows that exist.
        size = len(parts[0].content)
        for i, part in enumerate(parts):
            end = None if part is parts[-1] else (i + 1) * size
            where = (
                ImportedDocument.exposure_id == exposure_id,
                ImportedDocument.position == part.position,
            )
            update = sa.update(ImportedDocument).where(*where)
            connection.execute(update.values(content=text[i * size : end]))


def _difference_rows(
    connection: Connection, exposure_id: int, document: str | None, psf_fit_id: int | None
) -> list[Any]:
    select = sa.select(*ImportedDocument.__table__.columns).where(
        ImportedDocument.exposure_id == exposure_id, ImportedDocument.kind == "differences"
    )
    if document is not None:
        select = select.where(ImportedDocument.document == document)
    if psf_fit_id is not None:
        select = select.where(ImportedDocument.psf_fit_id == psf_fit_id)
    return list(connection.execute(select.order_by(ImportedDocument.position)))


def _drop(change: dict[str, Any], path: Sequence[str]) -> bool:
    """Take a path out of a difference; return False where something above it is replaced."""
    if "value" in change:
        return False
    key, *below = path
    keys = change.get("keys")
    if keys is not None and key not in keys:
        keys.append(key)
    inner = change["values"].get(key)
    if inner is None:
        return True
    if not below:
        del change["values"][key]
        return True
    return _drop(inner, below)
