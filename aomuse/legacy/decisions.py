"""What to do with a row, by what the database has of its exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aomuse.exchange.issue import Issue
from aomuse.ledger import Ledger, Plan
from aomuse.ledger.known_exposures import KnownExposure, StoredFile
from aomuse.legacy.content import Imported
from aomuse.legacy.source import OldDatabase


@dataclass(frozen=True)
class Decision:
    """What to do with a row: write it, or nothing, since it or something better is stored."""

    action: Literal["store", "keep", "leave"]
    #: The exposures whose rows it replaces, and the issues.
    plan: Plan
    #: Other rows of the source that the exposure comes from, to be read again with it.
    other_rows: tuple[int, ...] = ()


def decide(ledger: Ledger, source: OldDatabase, imported: Imported) -> Decision:
    """Return what to do with a row."""
    known = ledger.known(imported.files)
    files = [file for exposure in known for file in exposure.files]
    place = imported.rows[-1].place
    if any(file.loaded and not file.imported for file in files):
        return _leave(known, _from_files(imported, known, files))
    here, checksum = _table_and_row(place), imported.rows[-1].row_file().sha256
    rows = {_table_and_row(file.path): file for file in files if file.role == "row"}
    if len(known) == 1 and here in rows and rows[here].sha256 == checksum:
        return Decision("keep", Plan("keep", known, issues=tuple(known[0].errors)))
    if any(not exposure.files for exposure in known):
        return _leave(known, _from_elsewhere("by hand", place))
    others = {int(row.rpartition("/")[2]): file.path for row, file in rows.items() if row != here}
    is_here = all(path == source.place(row_id) for row_id, path in others.items())
    if others and not (is_here and others.keys() <= set(source.ids())):
        return _leave(known, _from_elsewhere(f"from {', '.join(sorted(others.values()))}", place))
    return Decision("store", Plan("replace" if known else "load", known), tuple(sorted(others)))


def _leave(known: tuple[KnownExposure, ...], issue: Issue) -> Decision:
    return Decision("leave", Plan("keep", known, issues=(issue,)))


def _table_and_row(place: str) -> str:
    """Return table and row of a place, whatever the database is called now."""
    return place.rpartition("#")[2]


def _from_elsewhere(origin: str, place: str) -> Issue:
    message = (
        f"its exposure was added {origin} and would be overwritten: delete that exposure to have "
        "this one in its place"
    )
    return Issue("error", "imported_elsewhere", message, place)


def _from_files(
    imported: Imported, known: tuple[KnownExposure, ...], files: list[StoredFile]
) -> Issue:
    """Return the issue of an exposure that was loaded from its files."""
    stored = {(file.role, file.name) for file in files if file.loaded}
    roles = {role for role, _ in stored}
    content = imported.content
    missing = ["the cube's header"] if content.reduced and "reduced" not in roles else []
    missing += ["the raw file's headers and tables"] if content.raw and "raw" not in roles else []
    missing += [
        f"the analysis {file.name}"
        for fit in content.fits
        for file in (fit.prm, fit.psf)
        if file and (file.role, file.name) not in stored
    ]
    label = known[0].archive_id or imported.files.label
    message = (
        f"{label} was loaded from its files, which hold more than the blobs: it is left unchanged"
    )
    if missing:
        message += (
            f"; the files lack {', '.join(missing)}: load these too, or delete the exposure and "
            "import again"
        )
    severity: Literal["error", "note"] = "error" if missing else "note"
    return Issue(severity, "exposure_from_files", message, imported.rows[-1].place)
