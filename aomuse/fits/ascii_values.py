"""The values of one column of an ASCII table (FITS 4.0, section 7.2.5)."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from aomuse.exchange.outcome import counted
from aomuse.fits.column_definitions import Column
from aomuse.fits.column_values import Mask, Values, scaled, strings
from aomuse.fits.formats import ColumnType

_INTEGER = re.compile(rb" *([+-]?\d+) *")
#: A letter or a sign begins the exponent; the point may be missing.
_REAL = re.compile(
    rb" *(?P<sign>[+-]?)(?P<whole>\d*)(?P<point>\.?)(?P<fraction>\d*)"
    rb"(?:[EDed](?P<exponent>[+-]?\d{1,9})|(?P<bare>[+-]\d{1,9}))? *"
)
#: What astropy writes, though FITS has no text for these.
_BEYOND = re.compile(rb" *[+-]?(nan|inf) *", re.IGNORECASE)

#: Digits of an integer; no writer has more, and Python takes its time with many.
_MAX_DIGITS = 60


def ascii_values(column: Column, rows: npt.NDArray[np.uint8]) -> Values:
    """Return the values of a column of an ASCII table, given the bytes of its rows."""
    fields = rows[:, column.start : column.start + column.width]
    texts = [field.tobytes().replace(b"\0", b" ") for field in fields]
    null = str(column.null).encode("latin-1", "replace") if column.null is not None else None
    missing = np.array([text == (null or b"").ljust(column.width) for text in texts], np.bool_)
    missing &= null is not None
    if column.letter == "A":
        found = strings(fields)
    else:
        numbers = _integers(texts) if column.letter == "I" else _reals(column.type, texts)
        found = _in_numbers(column, texts, numbers, missing)
        if null and any(
            t.strip() == null for t, gone in zip(texts, missing, strict=True) if not gone
        ):
            why = "has fields that are TNULL but for blanks before it: in FITS these are values"
            found.remark("warning", why)
    if missing.any():
        found.nulls = missing
    return found


def _in_numbers(
    column: Column, texts: list[bytes], numbers: list[int | float | None], missing: Mask
) -> Values:
    """Return physical values of numbers; a blank field is 0, and one that is not a number NULL."""
    kept = [0 if n is None or gone else n for n, gone in zip(numbers, missing, strict=True)]
    is_integer = column.letter == "I"
    is_long = is_integer and any(not -(2**63) <= n < 2**63 for n in kept)
    dtype = np.dtype(object if is_long else np.int64 if is_integer else np.float64)
    found = scaled(column, np.array(kept, dtype=dtype))
    blank = np.array([not text.strip() for text in texts], np.bool_) & ~missing
    if blank.any():
        why = f"{counted(int(blank.sum()), 'blank field')}: 0 in FITS unless TNULL is blank"
        found.remark("note", why)
    wrong = np.array([number is None for number in numbers], np.bool_) & ~missing & ~blank
    if wrong.any():
        row = int(np.argmax(wrong))
        what = f"{texts[row].decode('latin-1').strip()!r} in row {row}"
        why = f"{counted(int(wrong.sum()), 'field')} not of format {column.form.format}: NULL"
        found.remark("warning", f"{why} ({what})")
        missing |= wrong
    if not is_integer:
        found.values[missing] = np.nan
    return found


def _integers(texts: list[bytes]) -> list[int | float | None]:
    matches = map(_INTEGER.fullmatch, texts)
    return [int(match[1]) if match and len(match[1]) <= _MAX_DIGITS else None for match in matches]


def _reals(form: ColumnType, texts: list[bytes]) -> list[int | float | None]:
    """Return numbers; without a point the last digits are decimals, as many as TFORM says."""
    numbers: list[int | float | None] = []
    for text in texts:
        match = _REAL.fullmatch(text)
        if match is None or not (match["whole"] or match["fraction"]):
            numbers.append(float(text) if _BEYOND.fullmatch(text) else None)
            continue
        exponent = int(match["exponent"] or match["bare"] or 0)
        if not match["point"]:
            exponent -= form.decimals
        digits = b"%b%b.%b" % (match["sign"], match["whole"], match["fraction"])
        numbers.append(float(b"%bE%d" % (digits, exponent)))
    return numbers
