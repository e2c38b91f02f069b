"""What an import kept as text, because the other tables do not give it back exactly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import AomuseError
from aomuse.models import ImportedDocument


def differences(
    connection: Connection, exposure_id: int, psf_fit_id: int | None = None
) -> dict[str, dict[str, Any]]:
    """Return how the documents of an imported exposure differ from what the tables give."""
    select = sa.select(
        ImportedDocument.psf_fit_id, ImportedDocument.document, ImportedDocument.content
    ).where(ImportedDocument.exposure_id == exposure_id, ImportedDocument.kind == "differences")
    if psf_fit_id is not None:
        select = select.where(ImportedDocument.psf_fit_id == psf_fit_id)
    texts: dict[str, tuple[int | None, list[str]]] = {}
    for fit, document, content in connection.execute(select.order_by(ImportedDocument.position)):
        first, parts = texts.setdefault(document, (fit, []))
        if fit == first:
            parts.append(content)
    return {document: json.loads("".join(parts)) for document, (_, parts) in texts.items()}


def let_tables_speak(
    connection: Connection,
    exposure_id: int,
    document: str,
    path: Sequence[str],
    psf_fit_id: int | None = None,
) -> None:
    """Forget what is kept of one value of a document, so that the tables' value counts."""
    own = [
        ImportedDocument.exposure_id == exposure_id,
        ImportedDocument.document == document,
        ImportedDocument.kind == "differences",
    ]
    if psf_fit_id is not None:
        own.append(ImportedDocument.psf_fit_id == psf_fit_id)
    rows = connection.execute(
        sa.select(*ImportedDocument.__table__.columns).where(*own).order_by("position")
    ).all()
    for fit in dict.fromkeys(row.psf_fit_id for row in rows):
        parts = [row for row in rows if row.psf_fit_id == fit]
        change = json.loads("".join(part.content for part in parts))
        if not _forget(change, path):
            raise AomuseError(
                f"{document} was imported in a shape that no table holds, and is kept as text: "
                "nothing was changed"
            )
        kept = json.dumps(change)
        # No longer than it was, but for a new keyword: it fits into the rows that there are.
        size = len(parts[0].content)
        for i, part in enumerate(parts):
            end = None if part is parts[-1] else (i + 1) * size
            connection.execute(
                sa.update(ImportedDocument)
                .where(
                    ImportedDocument.exposure_id == exposure_id,
                    ImportedDocument.position == part.position,
                )
                .values(content=kept[i * size : end])
            )


def _forget(change: dict[str, Any], path: Sequence[str]) -> bool:
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
    return _forget(inner, below)
