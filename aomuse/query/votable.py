"""Frames as VOTables, the format of the Virtual Observatory."""

from __future__ import annotations

import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.io.votable.exceptions import W03
from astropy.io.votable.tree import Field, VOTableFile
from astropy.table import Column, MaskedColumn
from astropy.time import Time

from aomuse.errors import AomuseError
from aomuse.muse.keywords import PROMOTED, plain_keyword
from aomuse.query.frames.table import to_table
from aomuse.query.meanings import Meaning, meaning_of, of_tables, of_views
from aomuse.query.views import static_views
from aomuse.query.wide import empty_wide_views
from aomuse.whole_file import whole_file

#: The first version with units as VOUnits; BINARY2 says of each cell whether it is NULL.
VERSION, FORMAT = "1.4", "binary2"

#: What astropy notes about a column of texts; else it judges by the first, which may be missing.
_TEXT = {"_votable_string_dtype": "unicodeChar"}
_UNKNOWN = Meaning("", "", "")


def to_votable(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame as a VOTable, with units, UCDs and descriptions.

    Any frame has it as a method too: ``db.exposures().to_votable("exposures.vot")``.

    Parameters
    ----------
    frame : pandas.DataFrame
        Such as the methods of `aomuse.Database` return; the index is left out.
    path : str or Path
        The file, which is replaced if it exists.

    Raises
    ------
    AomuseError
        If a value does not fit a VOTable, such as an integer beyond 64 bits, or the file cannot be
        written.

    Notes
    -----
    Numbers are stored in binary form, so they come back exactly, and so does what is missing.
    Times are texts in UTC with ``xtype="timestamp"``. `aomuse.from_table` makes a frame of what
    astropy reads; only in a column with both missing and empty texts are all of them empty there,
    since astropy does not tell them apart. TOPCAT and STILTS do.
    """
    table = to_table(frame)
    meanings = _meanings(tuple(table.colnames))
    for name in table.colnames:
        column = _column(name, table[name])
        meaning = meanings.get(name, _UNKNOWN)
        column.description = meaning.description or None
        if meaning.ucd:
            column.meta["ucd"] = meaning.ucd
        if column.unit is None and meaning.unit and column.dtype.kind in "fiu":
            column.unit = u.Unit(meaning.unit)
        _put_unit(column)
        table.replace_column(name, column, copy=False)
    with warnings.catch_warnings():
        # XML allows fewer characters in the ID of a column than its name may have.
        warnings.simplefilter("ignore", W03)
        document = VOTableFile.from_table(table)
    document.version = VERSION
    _put_booleans(document)
    document.description = "From an aomuse warehouse; times are UTC"
    try:
        with whole_file(Path(path)) as file:
            document.to_xml(file, tabledata_format=FORMAT)
    except OSError as error:
        raise AomuseError(f"{path} cannot be written: {error.strerror}") from error


class _Method:
    """`to_votable` as a method of frames."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def __call__(self, path: str | Path) -> None:
        to_votable(self._frame, path)


def register_method() -> None:
    """Give frames `to_votable` as a method."""
    if not hasattr(pd.DataFrame, "to_votable"):
        pd.api.extensions.register_dataframe_accessor("to_votable")(_Method)


@cache
def _meanings(names: tuple[str, ...]) -> dict[str, Meaning]:
    """Return what is known about columns: the view that has most of them comes first."""
    views = of_views([*static_views("sqlite"), *empty_wide_views()])
    known = [relation.columns for relation in [*views, *of_tables()]]
    keywords = {promoted.keyword: promoted for promoted in PROMOTED}
    found = {}
    left = set(names)
    for name in names:
        promoted = keywords.get(plain_keyword(name.replace(".", " ")))
        if promoted is not None:
            found[name] = meaning_of(promoted.column, promoted.comment)
            left.discard(name)
    while known:
        best = max(known, key=lambda columns: len(left.intersection(columns)))
        known.remove(best)
        same = left.intersection(best)
        # A single plain word, such as name, may be a column of a file.
        if len(same) == 1:
            same = {name for name in same if "_" in name}
        found.update({name: best[name] for name in same})
        left -= same
    return found


def vounit(unit: Any) -> str | None:
    """Return a unit as VOUnits 1.1 asks, in quotes what the standard lacks; None for no such."""
    if _is_standard(unit):
        return str(unit.to_string("vounit"))
    text = "percent" if unit == u.percent else str(unit)
    return f"'{text}'" if re.fullmatch(r"[A-Za-z_]+", text) else None


def _put_unit(column: Any) -> None:
    """Write the unit as a VOTable has it, else into the description."""
    if column.unit is None or _is_standard(column.unit):
        return
    text = vounit(column.unit)
    if text is None:
        column.description = f"{column.description or ''} (unit: {column.unit})".strip()
    column.unit = text and u.Unit(text, format="vounit")


def _is_standard(unit: Any) -> bool:
    try:
        unit.to_string("vounit")
    except ValueError:
        return False
    return not isinstance(unit, u.UnrecognizedUnit)


def _put_booleans(document: VOTableFile) -> None:
    """Make booleans of single bits, which STILTS and TOPCAT cannot read."""
    fields = document.get_first_table().fields
    for place, field in enumerate(fields):
        if field.datatype == "bit" and field.arraysize is None:
            fields[place] = Field(
                document, ID=field.ID, name=field.name, datatype="boolean", ucd=field.ucd
            )
            fields[place].description = field.description


def _column(name: str, column: Any) -> Any:
    """Return a column as a VOTable has it."""
    if isinstance(column, Time):
        return _times(column)
    kind = column.dtype.kind
    if kind == "u" and column.dtype.itemsize == 8:
        if np.any(np.ma.filled(column, 0) > np.iinfo(np.int64).max):
            raise AomuseError(
                f"{name} has an integer beyond 64 bits with a sign, which a VOTable cannot have: "
                "leave the column out, or make texts of it"
            )
        return column.astype(np.int64)
    if kind == "U":
        return _texts(name, column.tolist())
    if kind == "O":
        return _objects(name, column)
    return column


def _times(times: Time) -> MaskedColumn:
    """Return times as the standard DALI writes them, and dates without a time of day."""
    missing = np.asarray(times.mask)
    whole = times.copy()
    if missing.any():
        whole[missing] = Time("2000-01-01", scale="utc")
    texts = np.asarray(whole.isot).astype("S10" if times.out_subfmt == "date" else "S26")
    texts[missing] = b""
    return MaskedColumn(texts, mask=missing, meta={"xtype": "timestamp"})


def _texts(name: str, texts: list[str | None]) -> Any:
    """Return texts of any length; a VOTable's characters have two bytes."""
    for text in texts:
        if text and not text.isascii() and max(text) > "\uffff":
            raise AomuseError(
                f"{name} has the character U+{ord(max(text)):X}, and a VOTable has none beyond "
                "U+FFFF: leave the column out, or replace it"
            )
    mask = [text is None for text in texts]
    # astropy reads a missing text as an empty one; with this, from_table knows which it was.
    values = {"values": {"null": ""}} if any(mask) and "" not in texts else {}
    cells = np.array(["" if text is None else text for text in texts], dtype=object)
    return MaskedColumn(cells, mask=mask, meta={**_TEXT, **values})


def _objects(name: str, column: Any) -> Any:
    """Return vectors of several lengths as they are, anything else as texts."""
    cells = list(column)
    kinds = {cell.dtype.kind if isinstance(cell, np.ndarray) else None for cell in cells}
    if len(kinds) == 1 and kinds <= {"i", "f", "c"} and all(cell.ndim == 1 for cell in cells):
        vectors = np.empty(len(cells), dtype=object)
        # astropy asks every cell for a mask
        vectors[:] = [np.ma.array(cell, mask=np.zeros(cell.shape, bool)) for cell in cells]
        return Column(vectors, unit=column.unit)
    return _texts(name, [None if _missing(cell) else str(cell) for cell in cells])


def _missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell))
