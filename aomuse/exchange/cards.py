"""Header cards as rows and frames, and the values in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

#: position, keyword, comment, value_type, value_int, value_float, value_text
CardRow = tuple[int, str, str, str, int | None, float, str | None]

COLUMNS = ("position", "keyword", "comment", "value_type", "value_int", "value_float", "value_text")

_INT64 = np.iinfo(np.int64)


def cards_frame(rows: Sequence[CardRow]) -> pd.DataFrame:
    """Return rows of cards as a frame with the columns' types."""
    columns = card_columns(rows)
    texts = {n: pd.Series(v, dtype=object) for n, v in columns.items() if v.dtype == object}
    return pd.DataFrame(columns | texts)


def card_columns(rows: Sequence[CardRow]) -> dict[str, Any]:
    """Return rows of cards as arrays."""
    columns: list[list[Any]] = (
        [list(c) for c in zip(*rows, strict=True)] if rows else [[] for _ in COLUMNS]
    )
    position, keyword, comment, value_type, value_int, value_float, value_text = columns
    return {
        "position": np.array(position, dtype=np.int32),
        "keyword": np.array(keyword, dtype=object),
        "comment": np.array(comment, dtype=object),
        "value_type": np.array(value_type, dtype=object),
        "value_int": pd.array(value_int, dtype="Int64"),
        "value_float": np.array(value_float, dtype=np.float64),
        "value_text": np.array(value_text, dtype=object),
    }


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
            return int(text or 0) if integer is None or integer is pd.NA else int(integer)
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
