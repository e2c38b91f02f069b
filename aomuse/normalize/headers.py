"""Files and headers: source_file, header and header_card."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from aomuse.exchange.cards import CardRow
from aomuse.exchange.content import card_columns
from aomuse.exchange.files import ImportedBlob
from aomuse.normalize.draft import Draft


def add_files_and_headers(draft: Draft) -> None:
    """Put a row for each file, each HDU and each card before the rows of the tables."""
    tables, draft.out.frames = draft.out.frames, []
    _add_files(draft)
    headers: list[dict[str, Any]] = []
    cards: list[CardRow] = []
    counts: list[int] = []
    for file in draft.content.files:
        for hdu in file.hdus:
            number = draft.header(file, hdu)
            images = hdu.card_images
            headers.append(
                {
                    "header": number,
                    "file": draft.file_numbers[file.path],
                    "hdu_index": hdu.index,
                    "extension_name": hdu.name,
                    "hdu_type": hdu.type,
                    "dimensions": hdu.dimensions,
                    "card_count": hdu.card_count,
                    "card_images": None if images is None else zlib.compress(images, 6),
                    "layout": draft.layouts.get((file.path, hdu.index)),
                    "table_row_count": hdu.table.row_count if hdu.table else None,
                }
            )
            cards += hdu.card_rows
            counts.append(len(hdu.card_rows))
    if headers:
        draft.out.add("header", _columns(headers))
    if cards:
        numbers = np.repeat([header["header"] for header in headers], counts)
        draft.out.add("header_card", card_columns(cards) | {"header": numbers})
    draft.out.frames += tables


def _add_files(draft: Draft) -> None:
    rows: list[dict[str, Any]] = [
        {
            "role": file.role,
            "name": file.name,
            "path": file.path,
            "size_bytes": file.size,
            "mtime_ns": file.mtime_ns,
            "sha256": file.sha256,
            "outcome": "imported" if isinstance(file.found, ImportedBlob) else "loaded",
        }
        for file in draft.content.files
    ] + [
        {
            "role": file.role,
            "name": file.name,
            "path": str(file),
            "size_bytes": file.size,
            "mtime_ns": None if isinstance(file, ImportedBlob) else file.mtime_ns,
            "sha256": file.sha256 if isinstance(file, ImportedBlob) else None,
            "outcome": "failed",
        }
        for file in draft.content.failed
    ]
    if rows:
        of_role: Counter[str] = Counter()
        for number, row in enumerate(rows):
            of_role[row["role"]] += 1
            row |= {"file": number, "file_rank": of_role[row["role"]]}
        draft.out.add("source_file", _columns(rows))


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return rows as arrays."""
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _column(values: list[Any]) -> Any:
    is_number = [isinstance(value, int) for value in values]
    if all(is_number):
        return np.array(values, dtype=np.int64)
    return pd.array(values, dtype="Int64") if any(is_number) else np.array(values, dtype=object)
