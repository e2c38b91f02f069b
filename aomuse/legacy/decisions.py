"""What to do with a row, by what the database has of its exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aomuse.exchange.issue import Issue
from aomuse.ledger import Ledger, Plan
from aomuse.ledger.known_exposures import KnownExposure, StoredFile
from aomuse.legacy.content import Imported
from aomuse.legacy.decoded_row import DecodedRow
from aomuse.legacy.known_rows import KnownRows


@dataclass(frozen=True)
class Decision:
    """What to do with a row: write it, or nothing, since it or something better is stored."""

    action: Literal["store", "keep", "leave"]
    #: The exposures whose rows it replaces, and the issues.
    plan: Plan
    #: Other rows of the source that the exposure comes from, to be written again with it.
    other_rows: tuple[DecodedRow, ...] = ()


def decide(ledger: Ledger, rows: KnownRows, imported: Imported, *, reload: bool) -> Decision:
    """Return what to do with a row."""
    known = ledger.known(imported.files)
    files = [file for exposure in known for file in exposure.files]
    place, archive_id = imported.rows[0].place, imported.content.archive_id
    if any(file.loaded and not file.imported for file in files):
        return _leave(known, _from_files(imported, known, files))
    match = rows.find(imported)
    if match and match.is_equal:
        exposure = match.row.exposure
        return Decision("keep", Plan("keep", (exposure,), issues=tuple(exposure.errors)))
    named = ledger.by_archive_id(archive_id) if archive_id else None
    replaced = list(dict.fromkeys(e for e in (named, match and match.row.exposure) if e))
    if any(not exposure.files for exposure in replaced):
        return _leave(known, _from_elsewhere("by hand", "delete that exposure", place))
    others = {
        other.file.path: rows.read_again(other)
        for exposure in replaced
        for other in rows.of(exposure)
        if not (match and other.file.id == match.row.file.id)
    }
    # The row itself, if nothing shows that it is the earlier one.
    lost = [path for path, other in others.items() if other is None or other.place == place]
    if lost and not reload:
        origin = f"from {', '.join(sorted(lost))}"
        origin += " with other contents," if place in lost else ""
        advice = "delete that exposure or import with --reload"
        return _leave(known, _from_elsewhere(origin, advice, place))
    doubtful = dict.fromkeys((*known, *(row.exposure for row in rows.at(place))))
    beside = tuple(
        _beside(exposure, place)
        for exposure in doubtful
        if exposure not in replaced and None in (exposure.archive_id, archive_id)
    )
    plan = Plan("replace" if replaced else "load", tuple(replaced), issues=beside)
    found = tuple(o for path, o in others.items() if o is not None and path not in lost)
    return Decision("store", plan, found)


def _leave(known: tuple[KnownExposure, ...], issue: Issue) -> Decision:
    return Decision("leave", Plan("keep", known, issues=(issue,)))


def _from_elsewhere(origin: str, advice: str, place: str) -> Issue:
    message = (
        f"its exposure was added {origin} and would be overwritten: {advice} to have this one in "
        "its place"
    )
    return Issue("error", "imported_elsewhere", message, place)


def _beside(exposure: KnownExposure, place: str) -> Issue:
    name = exposure.archive_id or f"with the id {exposure.id}"
    message = (
        f"the exposure {name} has its name or was imported from the same place, but its contents "
        "differ: both are kept; if they are the same exposure, delete one"
    )
    return Issue("warning", "imported_beside", message, place)


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
