"""Header cards as rows, and the values in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

#: position, keyword, comment, value_type, value_int, value_float, value_text
CardRow = tuple[int, str, str, str, int | None, float, str | None]

COLUMNS = ("position", "keyword", "comment", "value_type", "value_int", "value_float", "value_text")

_INT64 = np.iinfo(np.int64)


def first_values(rows: Iterable[CardRow]) -> dict[str, Any]:
    """Return the value of each keyword, of repeated ones the first; None for an unparsed one."""
    values: dict[str, Any] = {}
    for _, keyword, _, kind, integer, number, text in rows:
        if keyword not in values:
            values[keyword] = (
                None if kind == "unparsed" else decode_card(kind, integer, number, text)
            )
    return values


def decode_card(kind: str, integer: Any, number: float, text: str | None) -> Any:
    """Return the value of a card from its columns: the text of an unparsed one, None for none."""
    match kind:
        case "int":
            return int(integer) if isinstance(integer, int | np.integer) else int(text or 0)
        case "bool":
            return bool(integer)
        case "float":
            return float(number)
        case "complex":
            return complex(text or "nan")
        case "undefined":
            return None
        case _:
            return text


def typed_value(  # noqa: PLR0911 - one return for each type of value
    value: Any,
) -> tuple[str, int | None, float, str | None]:
    """Return value_type, value_int, value_float (NaN for none) and value_text of a card's value.

    `card_value` reads them back; anything that is not a value of FITS is undefined.
    """
    if isinstance(value, bool | np.bool_):
        return "bool", int(value), np.nan, None
    if isinstance(value, int | np.integer):
        if _INT64.min <= value <= _INT64.max:
            return "int", int(value), np.nan, None
        return "int", None, np.nan, str(value)
    if isinstance(value, float | np.floating):
        return "float", None, float(value), None
    if isinstance(value, complex | np.complexfloating):
        return "complex", None, np.nan, str(complex(value))
    if isinstance(value, str):
        return "str", None, np.nan, value
    return "undefined", None, np.nan, None
