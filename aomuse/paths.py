"""Paths as text."""

from __future__ import annotations

import os
from pathlib import PurePath


def printable(path: PurePath | str) -> str:
    r"""Return a path as text that every database and terminal takes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
