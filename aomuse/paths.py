"""Paths as text."""

from __future__ import annotations

import os
from pathlib import PurePath


def printable(path: PurePath | str) -> str:
    r"""Return a path as text that every database and terminal takes.

    Parameters
    ----------
    path : pathlib.PurePath or str
        A path; its bytes need not be UTF-8.

    Returns
    -------
    str
        The path, with bytes that are not UTF-8 written as ``\xNN``.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")
