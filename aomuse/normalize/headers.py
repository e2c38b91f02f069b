"""Files and headers: source_file, header and header_card."""

from __future__ import annotations

import zlib

import pandas as pd

from aomuse.exchange.content import ExposureContent, FileContent
from aomuse.exchange.files import FoundFile, ImportedBlob
from aomuse.exchange.frames import NormalizedExposure

#: (path of the file, index of the HDU) to the local number of the header
HeaderNumbers = dict[tuple[str, int], int]


def normalize_files(
    out: NormalizedExposure, content: ExposureContent, failed: tuple[FoundFile, ...]
) -> dict[str, int]:
    """Add a row for each file, and return the files' local numbers by path."""
    rows = [
        {
            "role": file.role,
            "name": file.name,
            "path": file.path,
            "size_bytes": file.size,
            "mtime_ns": file.mtime_ns,
            "sha256": file.sha256,
            "outcome": "imported" if isinstance(file.found, ImportedBlob) else "loaded",
        }
        for file in content.files
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
        for file in failed
    ]
    frame = pd.DataFrame(rows).assign(file=range(len(rows)))
    if rows:
        frame["mtime_ns"] = frame["mtime_ns"].astype("Int64")
    out.add("source_file", frame)
    return {file.path: number for number, file in enumerate(content.files)}


def normalize_headers(
    out: NormalizedExposure,
    files: tuple[FileContent, ...],
    numbers: dict[str, int],
    layouts: dict[tuple[str, int], str],
) -> None:
    """Add a row for each HDU, then one for each card."""
    headers, cards = [], []
    for number, (file, hdu) in enumerate((f, h) for f in files for h in f.hdus):
        headers.append(
            {
                "header": number,
                "file": numbers[file.path],
                "hdu_index": hdu.index,
                "extension_name": hdu.name,
                "hdu_type": hdu.type,
                "dimensions": hdu.dimensions,
                "card_count": hdu.card_count,
                "card_images": _compressed(hdu.card_images),
                "layout": layouts.get((file.path, hdu.index)),
                "table_row_count": hdu.table.row_count if hdu.table else None,
            }
        )
        if len(hdu.cards):
            cards.append(hdu.cards.assign(header=number))
    if headers:
        frame = pd.DataFrame(headers)
        frame["table_row_count"] = frame["table_row_count"].astype("Int64")
        out.add("header", frame)
    if cards:
        out.add("header_card", pd.concat(cards, ignore_index=True))


def _compressed(images: bytes | None) -> bytes | None:
    return None if images is None else zlib.compress(images, 6)


def number_headers(files: tuple[FileContent, ...]) -> HeaderNumbers:
    """Return the local number of each header, counted as `normalize_headers` counts them."""
    pairs = ((file.path, hdu.index) for file in files for hdu in file.hdus)
    return {pair: number for number, pair in enumerate(pairs)}
