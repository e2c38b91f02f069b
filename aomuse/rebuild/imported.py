"""What an import kept as text, because the other tables do not give it back exactly."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import ImportedDocument


def differences(
    connection: Connection, exposure_id: int, psf_fit_id: int | None = None
) -> dict[str, dict[str, Any]]:
    """Return how the documents of an imported exposure differ from what the tables give.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        The database.
    exposure_id : int
        The exposure.
    psf_fit_id : int, optional
        The analysis; without it the first row that was imported speaks for the exposure.

    Returns
    -------
    dict
        For `aomuse.differences.applied`, by document; nothing for exposures that were loaded.
    """
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
