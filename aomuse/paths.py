"""Paths and other text, made safe to store and to print."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

#: Characters that move a terminal's cursor, colour it or reverse the reading order, and line ends.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def shown(text: str) -> str:
    r"""Return text as one line that is safe to print: control characters become ``\x1b``."""
    return _UNSEEN.sub(lambda match: repr(match[0])[1:-1], text)


def printable(path: PurePath | str) -> str:
    r"""Return a path as text that every database and terminal takes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
