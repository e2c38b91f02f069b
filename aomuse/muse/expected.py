"""What the files of an instrument mode have: what else is absent is not missing."""

from __future__ import annotations

from collections.abc import Iterable

#: Tables of the raw file, in the order of reports.
TELEMETRY = ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA", "ASM_DATA", "SGS_DATA", "AG_DATA")

#: Part of the mode's name, how the names of tables or keywords begin, and why its files lack them.
_NEVER = (
    ("NOAO", ("SPARTA_", "ESO AOS ", "ESO LGS"), "there is no adaptive optics in {mode}"),
    ("NFM", ("SGS_DATA", "AG_DATA", "ESO OCS SGS FWHM"), "no guiding data are recorded in {mode}"),
)


def why_absent(name: str, mode: str | None) -> str | None:
    """Return why files of a mode have no such table or keyword, None where they should have it."""
    for part, names, why in _NEVER:
        if part in (mode or "") and name.startswith(names):
            return why.format(mode=mode)
    return None


def expected(names: Iterable[str], mode: str | None) -> list[str]:
    """Return the tables or keywords that files of a mode should have."""
    return [name for name in names if why_absent(name, mode) is None]
