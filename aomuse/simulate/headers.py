"""Read the header templates: cards as text, with placeholders for what varies.

A line is a card, ``KEYWORD = value / comment``, where the value is one of

- ``'text'``, a number, ``T`` or ``F``; nothing makes an undefined value,
- ``{name}``, a value of the exposure, or ``{name:3}``, the same to three decimals,
- ``{mean ± spread:3}``, a reading that scatters; without decimals it is an integer.

Text in quotes and of COMMENT and HISTORY takes ``{name}`` as `str.format` does; BLANK is a card
without keyword. Lines that start with ``#`` are notes. Indented lines belong to a block:

- ``each i = 1..24:`` or ``each i = DEC RA:`` repeats them with ``{i}`` filled in (``{i:02}``: 01),
- ``each i, name:`` repeats them for each row of the table below it (``| 1 | Ne``),
- ``sorted:`` sorts its cards as the observatory does, so that IFU10 comes before IFU2.

``include other`` takes over another template, ``include other if name`` only where that is true.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

import numpy as np

from aomuse.simulate.cards import Value, card, commentary

_CARD = re.compile(r"([^=]+) =(?: ('[^']*'|\{[^}]*\}|[^\s/]+))?(?: / (.*))?")
_READING = re.compile(r"\{(\S+) ± ([^:}]+)(?::(\d+))?\}")
_INDENT = "    "


def read_template(name: str) -> str:
    """Return the text of a template."""
    return (files("aomuse.simulate") / "templates" / name).read_text(encoding="utf-8")


def header_cards(
    name: str, values: Mapping[str, Any], start: Callable[[], np.random.Generator]
) -> list[str]:
    """Make the cards of a template; it draws its readings from a newly started generator."""
    rng = start()
    cards = []
    for line in _lines(name):
        word, _, rest = line.partition(" ")
        if word == "include":
            other, _, condition = rest.partition(" if ")
            if not condition or _look_up(condition, values):
                cards += header_cards(other, values, start)
        elif word in {"COMMENT", "HISTORY", "BLANK"}:
            cards.append(commentary(word.removeprefix("BLANK"), rest.format_map(values)))
        elif "{" in line:
            keyword, value, comment = _fields(line)
            cards.append(card(keyword, _value(value, values, rng), comment))
        else:
            cards.append(_constant(line))
    return cards


@cache
def _lines(name: str) -> list[str]:
    """Read a template and unroll its blocks."""
    lines = read_template(f"{name}.hdr").splitlines()
    return list(_unrolled([line for line in lines if line.strip() and line.strip()[0] != "#"]))


def _unrolled(lines: list[str]) -> Iterator[str]:
    while lines:
        line, *lines = lines
        if not line.endswith(":"):
            yield line
            continue
        size = next((i for i, text in enumerate(lines) if text[:4] != _INDENT), len(lines))
        block, lines = [text.removeprefix(_INDENT) for text in lines[:size]], lines[size:]
        if line == "sorted:":
            yield from sorted(_unrolled(block), key=lambda text: text.partition(" =")[0])
        else:
            yield from _repeated(line.removeprefix("each ").removesuffix(":"), block)


def _repeated(loop: str, block: list[str]) -> Iterator[str]:
    names, _, words = loop.partition(" = ")
    first, _, last = words.partition("..")
    if last:
        rows = [[str(number)] for number in range(int(first), int(last) + 1)]
    else:
        table = [text for text in block if text[0] == "|"]
        rows = [[cell.strip() for cell in text[1:].split("|")] for text in table]
        rows += [[word] for word in words.split()]
    for row in rows:
        text = "\n".join(line for line in block if line[0] != "|")
        for name, cell in zip(names.split(", "), row, strict=True):
            text = text.replace(f"{{{name}}}", cell).replace(f"{{{name}:02}}", cell.zfill(2))
        yield from _unrolled(text.splitlines())


@cache
def _fields(line: str) -> tuple[str, str, str]:
    match = _CARD.fullmatch(line)
    if match is None:
        raise ValueError(f"not a card: {line}")
    return match[1], match[2] or "", match[3] or ""


@cache
def _constant(line: str) -> str:
    keyword, value, comment = _fields(line)
    words = {"": None, "T": True, "F": False}
    return card(keyword, words[value] if value in words else ast.literal_eval(value), comment)


def _value(text: str, values: Mapping[str, Any], rng: np.random.Generator) -> Value:
    if text.startswith("'"):
        return text[1:-1].format_map(values)
    if reading := _READING.fullmatch(text):
        drawn = float(rng.normal(float(reading[1]), float(reading[2])))
        return round(drawn) if reading[3] is None else _rounded(drawn, reading[3])
    name, _, digits = text[1:-1].partition(":")
    value: Value = _look_up(name, values)
    return _rounded(value, digits) if digits else value


def _look_up(name: str, values: Mapping[str, Any]) -> Any:
    return Formatter().get_field(name, (), values)[0]


def _rounded(value: Any, digits: str) -> float:
    # Adding zero turns a negative zero, which no instrument writes, into a plain one.
    return round(float(value), int(digits)) + 0.0
