"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was found.

    Parameters
    ----------
    about : str
        What was looked at, in a word or two.
    text : str
        What it is like; where it is not as it should be, what to do.
    is_ok : bool
        Whether nothing is to be done.
    """

    about: str
    text: str
    is_ok: bool = True


def mend(about: str, text: str) -> Finding:
    """Return a finding that asks for something to be done."""
    return Finding(about, text, is_ok=False)
