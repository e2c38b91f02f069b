"""Catalogues of sources in ECSV (astropy's ascii.ecsv): columns with unit and description."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import ascii as astropy_ascii
from astropy.table import Column, MaskedColumn, Table

from aomuse.errors import FileError
from aomuse.exchange.content import ColumnFormat, HduContent, TableContent
from aomuse.exchange.issue import Issue
from aomuse.fits.cards import MAX_KEYWORD, cards_frame
from aomuse.fits.plain_cards import Row
from aomuse.fits.quiet import quiet_astropy
from aomuse.fits.tables import MAX_FORMAT, MAX_TEXT

MAGIC = "# %ECSV"
#: Key of the metadata that has astropy make times and coordinates of columns, and what it becomes.
_MIXINS, _PLAIN = "__serialized_columns__", "..serialized_columns.."
#: Letters of TFORM that hold the types of ECSV, with TZERO for those that FITS has no letter for.
_LETTERS: dict[str, tuple[str, float | None]] = {
    "bool": ("L", None),
    "int8": ("B", -128.0),
    "uint8": ("B", None),
    "int16": ("I", None),
    "uint16": ("I", 32768.0),
    "int32": ("J", None),
    "uint32": ("J", 2147483648.0),
    "int64": ("K", None),
    "uint64": ("K", 9223372036854775808.0),
    "float16": ("E", None),
    "float32": ("E", None),
    "float64": ("D", None),
    "complex64": ("C", None),
    "complex128": ("M", None),
}


def read_table(content: bytes, path: str) -> Table:
    """Return a catalogue as astropy reads it."""
    text, _ = _decode(content)
    if not text.startswith(MAGIC):
        raise FileError(
            "not_ecsv",
            path,
            f"it does not begin with {MAGIC!r}: write the catalogue with astropy's format "
            "ascii.ecsv",
        )
    # Times, coordinates and quantities stay the columns that the file has for them.
    plain = re.sub(rf"^#(.*){_MIXINS}", rf"#\1{_PLAIN}", text, flags=re.MULTILINE)
    try:
        with quiet_astropy():
            table = astropy_ascii.read(plain + "\n", format="ecsv", guess=False)
    except Exception as error:
        # On damaged text astropy and yaml raise nearly anything.
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise FileError(
            "damaged", path, f"astropy cannot read it ({why}): get the file again"
        ) from error
    table.meta = {_MIXINS if key == _PLAIN else key: v for key, v in table.meta.items()}
    return table


def _decode(content: bytes) -> tuple[str, int | None]:
    """Return the text, and the place of the first byte that is not UTF-8: it is Latin-1 then."""
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        return content.decode("latin-1"), error.start


def read_catalog(content: bytes, path: str, extension: str) -> tuple[HduContent, list[Issue]]:
    """Return a catalogue in the form of a file's HDU."""
    table = read_table(content, path)
    issues: list[Issue] = []
    _, stranger = _decode(content)
    if stranger is not None:
        issues.append(
            Issue(
                "note",
                "not_ascii",
                f"byte {stranger} is not UTF-8: the text is read as Latin-1",
                path,
            )
        )
    if not content.endswith((b"\n", b"\r")):
        issues.append(
            Issue(
                "warning",
                "catalog_cut",
                "its last line has no line end, and may be cut short; if so, get the file again",
                path,
            )
        )
    formats, values, nulls = [], [], []
    for position, name in enumerate(table.colnames, 1):
        column = table[name]
        array, missing = cells_of(column)
        if column.dtype.kind == "O":
            issues.append(
                Issue(
                    "note",
                    "catalog_objects",
                    f"column {name} holds lists or mixed values: each is kept as JSON text",
                    path,
                )
            )
        formats.append(_format(position, name, column, array, path))
        values.append(array)
        nulls.append(missing if missing.any() else None)
    rows = _meta(table.meta)
    hdu = HduContent(
        index=0,
        name=extension,
        type="ecsv",
        dimensions=f"{len(formats)} x {len(table)}",
        card_images=header_lines(content),
        card_count=len(rows),
        cards=cards_frame(rows),
        table=TableContent(tuple(formats), tuple(values), tuple(nulls), len(table)),
    )
    return hdu, issues


def header_lines(content: bytes) -> bytes:
    """Return the lines of an ECSV file that begin with #, byte by byte."""
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    lines = content.removeprefix(mark).splitlines(keepends=True)
    count = next((i for i, line in enumerate(lines) if not line.startswith(b"#")), len(lines))
    return mark + b"".join(lines[:count])


def cells_of(column: Column) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return the cells of a column as an array, and where there are none."""
    missing = np.zeros(column.shape, np.bool_)
    array = np.asarray(column)
    if isinstance(column, MaskedColumn):
        missing = np.array(np.broadcast_to(column.mask, column.shape))
        array = np.asarray(column.filled("") if array.dtype.kind == "U" else column.data.data)
    if array.dtype.kind == "O" or (array.dtype.name not in _LETTERS and array.dtype.kind != "U"):
        texts = [json.dumps(_plain(cell), ensure_ascii=False, default=str) for cell in column]
        return np.array(texts, dtype=str), np.asarray(missing.reshape(len(texts), -1).all(axis=1))
    return array, missing


def _plain(cell: Any) -> Any:
    if cell is np.ma.masked:
        return None
    if isinstance(cell, np.ndarray | np.generic):
        return cell.tolist()
    return cell


def _format(
    position: int, name: str, column: Column, array: npt.NDArray[Any], path: str
) -> ColumnFormat:
    letter, zero = _LETTERS.get(array.dtype.name, ("A", None))
    shape = array.shape[1:]
    repeat = max(array.dtype.itemsize // 4, 1) if letter == "A" else int(np.prod(shape))
    unit = None if column.unit is None else str(column.unit)
    description = column.description or None
    for what, text, longest in (
        ("name", name, MAX_TEXT),
        ("unit", unit, MAX_TEXT),
        ("format", column.format, MAX_FORMAT),
    ):
        if len(text or "") > longest:
            raise FileError(
                "bad_header",
                path,
                f"the {what} of column {position} is longer than {longest} characters: shorten it",
            )
    return ColumnFormat(
        position=position,
        name=name,
        format=f"{repeat}{letter}",
        unit=unit,
        zero=zero,
        display=column.format or None,
        dimensions=f"({','.join(map(str, reversed(shape)))})" if len(shape) > 1 else None,
        description=description,
        datatype=column.dtype.name if column.dtype.kind != "U" else "string",
    )


def _meta(meta: Any) -> list[Row]:
    """Return the metadata as rows of cards; what is no number or text as JSON."""
    rows: list[Row] = []
    for position, (key, value) in enumerate(meta.items()):
        keyword = str(key)[:MAX_KEYWORD]
        if isinstance(value, bool):
            rows.append((position, keyword, "", "bool", int(value), np.nan, None))
        elif isinstance(value, int) and abs(value) < 2**63:
            rows.append((position, keyword, "", "int", value, np.nan, None))
        elif isinstance(value, float):
            rows.append((position, keyword, "", "float", None, value, None))
        elif value is None:
            rows.append((position, keyword, "", "undefined", None, np.nan, None))
        else:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            rows.append((position, keyword, "", "str", None, np.nan, text))
    return rows
