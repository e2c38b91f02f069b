"""Catalogues of sources in ECSV or SExtractor's ASCII_HEAD: columns with unit and description."""

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
from aomuse.exchange.cards import CardRow, typed_value
from aomuse.exchange.column_format import ColumnFormat
from aomuse.exchange.content import HduContent, TableContent
from aomuse.exchange.issue import Issue
from aomuse.fits.cards import MAX_KEYWORD
from aomuse.fits.column_definitions import MAX_FORMAT, MAX_TEXT
from aomuse.fits.quiet import damaged, quiet_astropy
from aomuse.read.catalog_bounds import check_bounds, check_sextractor_bounds

MAGIC = "# %ECSV"
#: How ASCII_HEAD begins: number and name of the first column.
_SEXTRACTOR = re.compile(r"\s*# *\d+ +[A-Za-z]")
#: Metadata key that makes astropy build times and coordinates from columns, and its stand-in.
_MIXINS, _PLAIN = "__serialized_columns__", "..serialized_columns.."
#: TFORM letters for the types of ECSV, with the TZERO of those for which FITS has no letter.
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
    if is_sextractor(content):
        check_sextractor_bounds(text, path)
        try:
            with quiet_astropy():
                # astropy counts the columns of the first line behind the header, blank or not.
                return astropy_ascii.read(text.rstrip() + "\n", format="sextractor", guess=False)
        except Exception as error:
            # On damaged text astropy raises almost any error.
            raise damaged(path, error, advice="let SExtractor write it again") from error
    if not text.startswith(MAGIC):
        why = (
            f"it does not begin with {MAGIC!r}, nor with '# 1' and the name of a column: write the "
            "catalogue with astropy's ascii.ecsv, or with SExtractor as ASCII_HEAD"
        )
        raise FileError("not_ecsv", path, why)
    check_bounds(text, path)
    # Times, coordinates and quantities stay plain columns, as in the file.
    plain = re.sub(rf"^#(.*){_MIXINS}", rf"#\1{_PLAIN}", text, flags=re.MULTILINE)
    try:
        with quiet_astropy():
            table = astropy_ascii.read(plain + "\n", format="ecsv", guess=False)
    except Exception as error:
        # On damaged text astropy and yaml raise almost any error.
        raise damaged(path, error, advice="write it with astropy's ascii.ecsv") from error
    table.meta = {_MIXINS if key == _PLAIN else key: v for key, v in table.meta.items()}
    return table


def is_sextractor(content: bytes) -> bool:
    """Return whether a catalogue is in SExtractor's ASCII_HEAD, not in ECSV."""
    return _SEXTRACTOR.match(_decode(content[:4096])[0]) is not None


def _decode(content: bytes) -> tuple[str, int | None]:
    """Return the text, and the position of the first byte that is not UTF-8: then it is Latin-1."""
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        return content.decode("latin-1"), error.start


def read_catalog(content: bytes, path: str, extension: str) -> tuple[HduContent, list[Issue]]:
    """Return a catalogue in the form of a file's HDU."""
    table = read_table(content, path)
    issues: list[Issue] = []
    _, bad_byte = _decode(content)
    if bad_byte is not None:
        why = f"byte {bad_byte} is not UTF-8: the text is read as Latin-1"
        note = Issue("note", "not_ascii", why, path)
        issues.append(note)
    if not content.endswith((b"\n", b"\r")):
        why = "its last line has no line end, and may be cut short; if so, get the file again"
        issues.append(Issue("warning", "catalog_cut", why, path))
    formats, values, nulls = [], [], []
    for position, name in enumerate(table.colnames, 1):
        column = table[name]
        array, missing = cells_of(column)
        if column.dtype.kind == "O":
            why = f"column {name} holds lists or mixed values: each is kept as JSON text"
            issues.append(Issue("note", "catalog_objects", why, path))
        formats.append(_format(position, name, column, array, path))
        values.append(array)
        nulls.append(missing if missing.any() else None)
    rows = _meta(table.meta)
    hdu = HduContent(
        index=0,
        name=extension,
        type="sextractor" if is_sextractor(content) else "ecsv",
        dimensions=f"{len(formats)} x {len(table)}",
        card_images=header_lines(content),
        card_count=len(rows),
        card_rows=rows,
        table=TableContent(tuple(formats), tuple(values), tuple(nulls), len(table)),
    )
    return hdu, issues


def header_lines(content: bytes) -> bytes:
    """Return the lines of a catalogue that begin with #, unchanged."""
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    lines = content.removeprefix(mark).splitlines(keepends=True)
    count = next((i for i, line in enumerate(lines) if not line.startswith(b"#")), len(lines))
    return mark + b"".join(lines[:count])


def cells_of(column: Column) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return the cells of a column as an array, and which are empty."""
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
    return cell.tolist() if isinstance(cell, np.ndarray | np.generic) else cell


def _format(
    position: int, name: str, column: Column, array: npt.NDArray[Any], path: str
) -> ColumnFormat:
    letter, zero = _LETTERS.get(array.dtype.name, ("A", None))
    shape = array.shape[1:]
    repeat = max(array.dtype.itemsize // 4, 1) if letter == "A" else int(np.prod(shape))
    unit = None if column.unit is None else str(column.unit)
    texts = {"name": name, "unit": unit, "format": column.format}
    for what, text in texts.items():
        longest = MAX_FORMAT if what == "format" else MAX_TEXT
        if len(text or "") > longest:
            why = f"the {what} of column {position} is longer than {longest} characters: shorten it"
            raise FileError("bad_header", path, why)
    return ColumnFormat(
        position=position,
        name=name,
        format=f"{repeat}{letter}",
        unit=unit,
        zero=zero,
        display=column.format or None,
        dimensions=f"({','.join(map(str, reversed(shape)))})" if len(shape) > 1 else None,
        description=column.description or None,
        datatype=column.dtype.name if column.dtype.kind != "U" else "string",
    )


def _meta(meta: Any) -> list[CardRow]:
    """Return the metadata as rows of cards; lists and dictionaries as JSON."""
    rows: list[CardRow] = []
    for position, (key, value) in enumerate(meta.items()):
        is_plain = value is None or isinstance(value, bool | float | str)
        fits = is_plain or (isinstance(value, int) and abs(value) < 2**63)
        columns = typed_value(value if fits else json.dumps(value, default=str))
        rows.append((position, str(key)[:MAX_KEYWORD], "", *columns))
    return rows
