"""Names of files: those that the archive gives to exposures, and marks of copies."""

from __future__ import annotations

import re

#: Stand for the colons of a time, which Windows, macOS and web browsers do not leave in names.
_COLON = r"(?:[:_\-+;. \uFF1A\uA789\u2236]|%3A)"
#: Archive names: instrument, then time; ADP marks a product of the archive, not an exposure.
_ARCHIVE_NAME = re.compile(
    r"(?!ADP\.)(?P<hour>[A-Z0-9_]+\.\d{4}-\d\d-\d\dT\d\d)"
    rf"{_COLON}(?P<minute>\d\d){_COLON}(?P<second>\d\d)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SUFFIX = re.compile(r"\.(?:fz|fits)\Z", re.IGNORECASE)
#: What systems append to the name of a copy: browsers, Windows, macOS, GNOME.
COPY_MARK = (
    r"(?: ?\(\d+\)| ?\((?:\w+ )?copy(?: \d+)?\)| - (?:Copy|Kopie|Copie|Copia)(?: \(\d+\))?"
    r"| copy(?: \d+)?|_copy\d*)"
)
_COPY_MARK = re.compile(rf"{COPY_MARK}\Z", re.IGNORECASE)
_COPY_OF = re.compile(r"(?:Copy|Kopie|Copie|Copia)(?: \(\d+\))? (?:of|von|de|di) ", re.IGNORECASE)


def archive_id_of(name: str) -> str:
    """Return a raw file's name without ``.fits`` and ``.fz``, with the colons of its time.

    Examples
    --------
    >>> archive_id_of("MUSE.2018-08-13T00_05_07.123.fits.fz")
    'MUSE.2018-08-13T00:05:07.123'
    """
    bare = name.strip()
    for _ in range(2):
        bare = _SUFFIX.sub("", bare)
    match = _ARCHIVE_NAME.match(bare)
    if match is None:
        return bare
    rest = without_copy_mark(match["rest"])
    return f"{match['hour'].upper()}:{match['minute']}:{match['second']}{rest}"


def is_archive_name(name: str) -> bool:
    """Return whether the archive gives such names to raw exposures."""
    return _ARCHIVE_NAME.match(name.strip()) is not None


def without_copy_mark(stem: str) -> str:
    """Return the name that a copy was made from: ``X`` for ``X (1)``, ``X - Copy``, ``X``."""
    bare = _COPY_OF.sub("", stem)
    while (shorter := _COPY_MARK.sub("", bare)) != bare:
        bare = shorter
    return bare or stem
