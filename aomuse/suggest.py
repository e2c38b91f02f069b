"""The names that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: Names that a message lists at most.
_MOST = 12


def unknown(what: str, name: object, known: Iterable[str], else_do: str = "") -> str:
    """Return the message for a name that is not known."""
    names = sorted(set(known))
    near = _near(str(name), names)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif not names:
        hint = "there is none yet: load exposures with aomuse load"
    elif len(names) <= _MOST or not else_do:
        hint = f"there are {', '.join(names)}"
    else:
        hint = else_do
    return f"{what} {str(name)!r}: {hint}"


def _near(name: str, names: list[str]) -> list[str]:
    """Return up to three names that are spelled alike or hold all words of the name."""
    by_folded: dict[str, list[str]] = {}
    for known in names:
        by_folded.setdefault(known.casefold(), []).append(known)
    folded = name.casefold().strip()
    close = difflib.get_close_matches(folded, by_folded, n=3, cutoff=0.7)
    words = folded.replace("_", " ").split()
    holding = [k for k in by_folded if words and all(word in k for word in words)]
    found = dict.fromkeys([*close, *sorted(holding, key=len)])
    return [known for key in found for known in by_folded[key]][:3]
