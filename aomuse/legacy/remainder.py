"""Last step of an import: what the tables do not give back exactly is kept as text.

Nobody has to foresee which document is odd: each exposure is exported again within the transaction
that imports it, and the difference is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.legacy import documents
from aomuse.legacy.content import Imported
from aomuse.legacy.differences import ABSENT, difference
from aomuse.legacy.imported_documents import DocumentWriter
from aomuse.load.references import References


def keep_documents(imported: Imported, connection: Connection, stored: References) -> int:
    """Write what the tables do not give back of an exposure that was just stored; count rows."""
    exposure_id, fits = stored.exposure_id, stored.ids["fit"]
    writer = DocumentWriter(connection, exposure_id)

    def compare(fit: int | None, place: str, document: str, answer: Any, wanted: Any) -> None:
        change = difference(answer, wanted)
        if change is not None:
            writer.write(fit, place, document, "differences", json.dumps(change))

    for decoded in imported.rows:
        writer.write(None, decoded.place, "row", "whole", decoded.other_columns)
        for column, value in decoded.kept_whole.items():
            writer.write(None, decoded.place, column[:64], "whole", json.dumps(value))
    for number, analysis in enumerate(imported.analyses):
        fit, place = fits[number], analysis.place
        wanted = dict(analysis.imported)
        plain = {name: v for name, v in wanted.pop("analysis").items() if v is not None}
        row = documents.plain_values(connection, fit)
        compare(fit, place, "analysis", {name: row[name] for name in plain}, plain)
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
