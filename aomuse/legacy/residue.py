"""What an import keeps as text: whatever the export would not give back exactly.

Nobody has to foresee which blob is odd: each exposure is exported again within the transaction
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
from aomuse.legacy import documents
from aomuse.legacy.differences import ABSENT, difference
from aomuse.legacy.exposures import Imported
from aomuse.load.references import References
from aomuse.models import ImportedDocument

#: Characters of one row of imported_document: far below every limit of a packet.
PART_CHARACTERS = 1_000_000


class _Keeper:
    """Writes the documents of one exposure."""

    def __init__(self, connection: Connection, exposure_id: int) -> None:
        self._connection = connection
        self._exposure_id = exposure_id
        self._position = 0

    def write(self, fit: int | None, source: str, document: str, kind: str, content: str) -> None:
        """Write a document in as many parts as it takes."""
        starts = range(0, max(len(content), 1), PART_CHARACTERS)
        for part, start in enumerate(starts):
            self._connection.execute(
                sa.insert(ImportedDocument).values(
                    exposure_id=self._exposure_id,
                    position=self._position,
                    psf_fit_id=fit,
                    source=source,
                    document=document,
                    kind=kind,
                    part=part,
                    content=content[start : start + PART_CHARACTERS],
                )
            )
            self._position += 1

    def compare(
        self, fit: int | None, source: str, document: str, answer: Any, wanted: Any
    ) -> None:
        """Write what makes the answer of the typed tables the document that was imported."""
        change = difference(answer, wanted)
        if change is not None:
            self.write(fit, source, document, "differences", json.dumps(change))

    @property
    def count(self) -> int:
        """Rows written."""
        return self._position


def keep_documents(imported: Imported, connection: Connection, rows: References) -> int:
    """Write what the typed tables do not give back of an exposure that was just stored."""
    exposure_id, fits = rows.exposure_id, rows.ids["fit"]
    keeper = _Keeper(connection, exposure_id)
    for parts in imported.rows:
        keeper.write(None, parts.place, "row", "whole", parts.row_text)
        for column, value in parts.kept.items():
            keeper.write(None, parts.place, column[:64], "whole", json.dumps(value))
    for number, analysis in enumerate(imported.analyses):
        fit, place = fits[number], analysis.place
        wanted = dict(analysis.wanted)
        told = {name: value for name, value in wanted.pop("analysis").items() if value is not None}
        stored = documents.plain_values(connection, fit)
        ours = {name: stored[name] for name in told}
        keeper.compare(fit, place, "analysis", ours, told)
        if place in imported.data:
            wanted["data"] = imported.data[place]
        answers = documents.typed_answers(connection, fit)
        for document, value in wanted.items():
            keeper.compare(fit, place, document, _answer(answers[document]), value)
    if not fits:
        for place, value in imported.data.items():
            answer = _answer(partial(documents.typed_data, connection, exposure_id))
            keeper.compare(None, place, "data", answer, value)
    return keeper.count


def _answer(typed: Callable[[], Any]) -> Any:
    """Return what the typed tables give for a document."""
    try:
        return typed()
    except RebuildError:
        return ABSENT
