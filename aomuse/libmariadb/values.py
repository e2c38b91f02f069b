"""Single Python values as SQL text, and a server's text as Python values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np

from aomuse.libmariadb.constants import BINARY_CHARSET, FieldType
from aomuse.libmariadb.exceptions import NotSupportedError, ProgrammingError

#: Quoted texts, quoted names and comments, in which a question mark is none; then the mark.
_TOKENS = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|--\s[^\n]*|\#[^\n]*|/\*.*?\*/|(\?)""",
    re.DOTALL,
)


@lru_cache(maxsize=512)
def split_at_marks(statement: str) -> tuple[str, ...]:
    """Return the parts of a statement between its question marks.

    Parameters
    ----------
    statement : str
        SQL with backslash escapes in its texts, as the loader's sessions have them.

    Returns
    -------
    tuple of str
        One more than there are marks.

    Examples
    --------
    >>> split_at_marks("SELECT '?', `?` FROM t WHERE a = ? -- why?")
    ("SELECT '?', `?` FROM t WHERE a = ", ' -- why?')
    """
    parts, start = [], 0
    for token in _TOKENS.finditer(statement):
        if token[1]:
            parts.append(statement[start : token.start()])
            start = token.end()
    return (*parts, statement[start:])


def fill_in(statement: str, values: Sequence[Any], escape: Callable[[bytes], bytes]) -> bytes:
    """Return a statement with a literal in place of each question mark.

    Parameters
    ----------
    statement : str
        SQL.
    values : sequence
        None, bool, int, float, Decimal, str, bytes, datetime, date, time or timedelta, or a
        numpy scalar.
    escape : callable
        Escapes the bytes of a text for the connection.

    Returns
    -------
    bytes
        SQL in UTF-8.

    Raises
    ------
    ProgrammingError
        If the number of values is not that of the marks, or a type is not known.
    """
    first, *rest = split_at_marks(statement)
    if len(rest) != len(values):
        raise ProgrammingError(f"{len(values)} values for {len(rest)} question marks")
    pieces = [first.encode()]
    for value, part in zip(values, rest, strict=True):
        pieces += [_literal(value, escape), part.encode()]
    return b"".join(pieces)


def _literal(value: Any, escape: Callable[[bytes], bytes]) -> bytes:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return b"NULL"
    if isinstance(value, int):  # a bool too
        return b"%d" % value
    if isinstance(value, (float, Decimal)):
        if not isfinite(value):
            raise NotSupportedError(f"{value} is no value that a column can hold")
        # Without an exponent the server would take a float for a DECIMAL.
        text = str(value)
        return (text if isinstance(value, Decimal) or "e" in text else f"{text}e0").encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b"X'%s'" % bytes(value).hex().encode()
    return b"'%s'" % escape(_text(value).encode())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)  # what sessions are set to
        return str(value.isoformat(sep=" "))
    if isinstance(value, (dt.date, dt.time)):
        return str(value.isoformat())
    if isinstance(value, dt.timedelta):
        sign = "-" if value < dt.timedelta(0) else ""
        seconds, microseconds = divmod(abs(value) // dt.timedelta(microseconds=1), 1_000_000)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (
            f".{microseconds:06}" if microseconds else ""
        )
    raise ProgrammingError(f"a value of type {type(value).__name__} cannot be sent")


def _duration(text: bytes) -> dt.timedelta:
    hours, minutes, seconds = text.lstrip(b"-").split(b":")
    whole, _, fraction = seconds.partition(b".")
    duration = dt.timedelta(
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(whole),
        microseconds=int(fraction.ljust(6, b"0")),
    )
    return -duration if text.startswith(b"-") else duration


def _moment(text: bytes) -> dt.datetime:
    return dt.datetime.fromisoformat(text.decode())


def _day(text: bytes) -> dt.date:
    return dt.date.fromisoformat(text.decode())


def _decimal(text: bytes) -> Decimal:
    return Decimal(text.decode())


_READERS: dict[int, Callable[[bytes], Any]] = {
    FieldType.TINY: int,
    FieldType.SHORT: int,
    FieldType.INT24: int,
    FieldType.LONG: int,
    FieldType.LONGLONG: int,
    FieldType.YEAR: int,
    FieldType.FLOAT: float,
    FieldType.DOUBLE: float,
    FieldType.DECIMAL: _decimal,
    FieldType.NEWDECIMAL: _decimal,
    FieldType.DATE: _day,
    FieldType.NEWDATE: _day,
    FieldType.DATETIME: _moment,
    FieldType.TIMESTAMP: _moment,
    FieldType.TIME: _duration,
}


def reader(field_type: int, charset: int) -> Callable[[bytes], Any]:
    """Return what makes a Python value of a column's text.

    Parameters
    ----------
    field_type : int
        A `FieldType`.
    charset : int
        Number of the column's character set.

    Returns
    -------
    callable
        From bytes to int, float, Decimal, date, datetime, timedelta, str or bytes.

    Examples
    --------
    >>> reader(FieldType.TIME, 63)(b"-01:00:00.5")
    datetime.timedelta(days=-1, seconds=82799, microseconds=500000)
    """
    found = _READERS.get(field_type)
    if found is not None:
        return found
    return bytes if charset == BINARY_CHARSET else bytes.decode
