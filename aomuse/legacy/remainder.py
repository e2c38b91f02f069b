"""Last step of an import: what the tables do not give back exactly is kept as text.

Nobody has to foresee which document is odd: each exposure is exported again within the transaction
that imports it, and the difference is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.exchange.frames import NormalizedExposure
from aomuse.legacy import documents
from aomuse.legacy.content import Imported
from aomuse.legacy.differences import ABSENT, difference
from aomuse.legacy.imported_documents import DocumentWriter
from aomuse.models import PsfFit


def keep_documents(
    connection: Connection, exposure_id: int, exposure: NormalizedExposure, imported: Imported
) -> int:
    """Write what the tables do not give back of an exposure that was just stored; count rows."""
    writer = DocumentWriter(connection, exposure_id)

    def compare(fit: int | None, place: str, document: str, stored: Any, wanted: Any) -> None:
        change = difference(stored, wanted)
        if change is not None:
            writer.write(fit, place, document, "differences", json.dumps(change))

    for row in imported.rows:
        writer.write(None, row.place, "row", "whole", row.other_columns)
        for column, value in row.kept_whole.items():
            writer.write(None, row.place, column[:64], "whole", json.dumps(value))
    fits = _fit_ids(connection, exposure_id, exposure)
    for number, analysis in enumerate(imported.analyses):
        fit, place = fits[number], analysis.place
        wanted = dict(analysis.imported)
        plain = {name: v for name, v in wanted.pop("analysis").items() if v is not None}
        stored = documents.plain_values(connection, fit)
        compare(fit, place, "analysis", {name: stored[name] for name in plain}, plain)
        if place in imported.data:
            wanted["data"] = imported.data[place]
        answers = documents.typed_answers(connection, fit)
        for document, value in wanted.items():
            compare(fit, place, document, _typed(answers[document]), value)
    if not fits:
        for place, value in imported.data.items():
            answer = _typed(partial(documents.typed_data, connection, exposure_id))
            compare(None, place, "data", answer, value)
    return writer.row_count


def _typed(answer: Callable[[], Any]) -> Any:
    """Return what the tables give for a document."""
    try:
        return answer()
    except RebuildError:
        return ABSENT


def _fit_ids(
    connection: Connection, exposure_id: int, exposure: NormalizedExposure
) -> dict[int, int]:
    """Return psf_fit.id by the analyses' local numbers."""
    rows = connection.execute(
        sa.select(PsfFit.name, PsfFit.model, PsfFit.id).where(PsfFit.exposure_id == exposure_id)
    )
    ids = {(name, model): number for name, model, number in rows}
    return {
        int(row["fit"]): ids[row["name"], row["model"]]
        for frame in exposure.of("psf_fit")
        for row in frame.to_dict("records")
    }
