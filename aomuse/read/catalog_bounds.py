"""What a catalogue may cost: its text alone says how much time and memory astropy would take."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from aomuse.errors import FileError

#: A header of 300 columns has 30 kB. What its aliases stand for is written out as JSON.
_MAX_HEADER, _MAX_EXPANDED, _MAX_DEPTH = 1 << 18, 1 << 20, 50
#: As many as FITS allows.
_MAX_COLUMNS = 999
#: Characters of the widest line in each row: a column of text is as wide as its longest cell.
_MAX_CELLS = 1 << 26
#: Elements of the cells that are arrays of a fixed shape.
_MAX_ELEMENTS = 1 << 24
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHAPE = re.compile(r"subtype:[^\[\n]*\[([^\]\n]*)\]")
#: A display format with a width or precision that astropy would try out.
_WIDE_FORMAT = re.compile(r"format:[^\n]*\d{4,}")
_COLUMN_NUMBER = re.compile(r"\s*#\s*(\d+)\s")
_COLUMN = re.compile(r"^# *- *[{!]?.*\bname:", re.MULTILINE)


def check_bounds(text: str, path: str) -> None:
    """Refuse a catalogue that would take more than ten seconds or a gigabyte."""
    lines = text.splitlines()
    header = "\n".join(line for line in lines if line.startswith("#"))
    rows = len(lines) - header.count("\n")
    if len(header) > _MAX_HEADER:
        raise _refused(path, f"its header has {len(header):,} characters")
    columns = len(_COLUMN.findall(header))
    if columns > _MAX_COLUMNS:
        raise _refused(path, f"it has {columns:,} columns")
    if max(map(len, lines), default=0) * rows > _MAX_CELLS:
        raise _refused(path, "its longest line would make every row as long")
    elements = sum(_elements(shape) for shape in _SHAPE.findall(header)) * rows
    if elements > _MAX_ELEMENTS:
        raise _refused(path, f"its arrays have {elements:,} elements")
    if _WIDE_FORMAT.search(header):
        raise _refused(path, "a column's format has a width of four digits")
    # The first line is not YAML.
    _check_aliases(re.sub(r"^# ?", "", header.partition("\n")[2], flags=re.MULTILINE), path)


def check_sextractor_bounds(text: str, path: str) -> None:
    """Refuse a catalogue of SExtractor by the same bounds; numbers of columns may skip some."""
    lines = text.splitlines()
    widest = max((len(line.split(maxsplit=_MAX_COLUMNS + 1)) for line in lines), default=0)
    numbers = (match[1] for match in map(_COLUMN_NUMBER.match, lines) if match)
    most = max((int(n) if len(n) < 9 else _MAX_COLUMNS + 1 for n in numbers), default=0)
    if max(widest, most) > _MAX_COLUMNS:
        raise _refused(path, f"it has more than {_MAX_COLUMNS} columns")
    if max(map(len, lines), default=0) * len(lines) > _MAX_CELLS:
        raise _refused(path, "its longest line would make every row as long")


def _refused(path: str, what: str) -> FileError:
    why = f"{what}, which no catalogue needs and would take too much memory or time to read"
    return FileError("too_large", path, f"{why}: write it again without that")


def _elements(shape: str) -> int:
    sizes = [part.strip() for part in shape.split(",")]
    return math.prod(int(size) for size in sizes if size.isdigit() and len(size) < 19)


def _check_aliases(header: str, path: str) -> None:
    """Refuse YAML that a few aliases make huge, or endless."""
    sizes: dict[str, int] = {}
    stack: list[tuple[str | None, int]] = [(None, 0)]
    try:
        for event in yaml.parse(header, Loader=_LOADER):
            size = 0
            if isinstance(event, yaml.AliasEvent):
                # An alias within what it names has no size yet: it has no end.
                size = sizes.get(event.anchor, _MAX_EXPANDED + 1)
            elif isinstance(event, yaml.ScalarEvent):
                size = 1 + len(event.value)
                sizes[event.anchor or ""] = size
            elif isinstance(event, yaml.CollectionStartEvent):
                stack.append((event.anchor, 1))
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, size = stack.pop()
                sizes[anchor or ""] = size
            stack[-1] = stack[-1][0], stack[-1][1] + size
            if stack[-1][1] > _MAX_EXPANDED:
                raise _refused(path, "aliases make its header huge")
            if len(stack) > _MAX_DEPTH:
                raise _refused(path, f"its header is nested {len(stack)} deep")
    except (yaml.YAMLError, RecursionError):
        # astropy says what is wrong with it.
        return
