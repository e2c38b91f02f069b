"""Last step of an import: what the tables do not give back exactly is kept as text.

Nobody has to foresee which document is odd: each exposure is exported again within the transaction
that imports it, and the difference is kept.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.legacy.content import Imported
from aomuse.legacy.differences import ABSENT, difference
from aomuse.legacy.documents import DocumentsOfTables
from aomuse.legacy.imported_documents import DocumentWriter
from aomuse.load.references import References


def keep_documents(imported: Imported, connection: Connection, stored: References) -> int:
    """Write what the tables do not give back of an exposure that was just stored; count rows."""
    exposure_id, fits = stored.exposure_id, stored.ids["fit"]
    writer = DocumentWriter(connection, exposure_id)
    for row in imported.rows:
        writer.write(None, row.place, "row", "whole", row.other_columns)
        for column, value in row.kept_whole.items():
            writer.write(None, row.place, column[:64], "whole", json.dumps(value))
    all_documents: list[tuple[int | None, str, dict[str, Any]]] = [
        (fits[number], analysis.place, analysis.imported | _data(imported, analysis.place))
        for number, analysis in enumerate(imported.analyses)
    ]
    if not fits:
        all_documents = [(None, row.place, _data(imported, row.place)) for row in imported.rows]
    for fit, place, documents in all_documents:
        tables = DocumentsOfTables(connection, exposure_id, fit)
        for name, document in documents.items():
            change = _difference(tables, name, document)
            if change is not None:
                writer.write(fit, place, name, "differences", json.dumps(change))
    return writer.row_count


def _data(imported: Imported, place: str) -> dict[str, Any]:
    return {"data": imported.data[place]} if place in imported.data else {}


def _difference(tables: DocumentsOfTables, name: str, document: Any) -> dict[str, Any] | None:
    """Return what makes the answer of the tables the document that was imported."""
    try:
        answer = tables[name]
    except RebuildError:
        answer = ABSENT
    if name == "analysis":
        # The tables may know what the row does not.
        document = {key: value for key, value in document.items() if value is not None}
        answer = {key: answer[key] for key in document}
    return difference(answer, document)
