"""What is to be done with a row, by what the database has of its exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aomuse.exchange.issue import Issue
from aomuse.ledger import Ledger, Plan
from aomuse.ledger.known_exposures import KnownExposure, StoredFile
from aomuse.legacy.exposures import Imported
from aomuse.legacy.source import Source


@dataclass(frozen=True)
class Decision:
    """What to do with a row.

    Parameters
    ----------
    action : {'store', 'keep', 'leave'}
        Write it; nothing, because it is there; nothing, because what is there is better.
    plan : Plan
        The exposures whose rows it replaces, and what there is to say.
    other_rows : tuple of int
        Other rows of the source that the exposure comes from, to be read again with it.
    """

    action: Literal["store", "keep", "leave"]
    plan: Plan
    other_rows: tuple[int, ...] = ()


def decide(ledger: Ledger, source: Source, imported: Imported) -> Decision:
    """Return what is to be done with a row."""
    known = ledger.known(imported.files)
    files = [file for k in known for file in k.files]
    if any(file.loaded and not file.imported for file in files):
        issue = _from_files(imported, known, files)
        return Decision("leave", Plan("keep", known, issues=(issue,)))
    row = imported.rows[-1].row_stand_in()
    rows = [file for file in files if file.role == "row"]
    here = _tail(row.place)
    if len(known) == 1 and any((_tail(f.path), f.sha256) == (here, row.sha256) for f in rows):
        return Decision("keep", Plan("keep", known, issues=tuple(known[0].errors)))
    plan = Plan("replace" if known else "load", known)
    others = [file for file in rows if _tail(file.path) != here]
    if any(not k.files for k in known):
        return Decision("leave", Plan("keep", known, issues=(_elsewhere("by hand", row.place),)))
    if not others:
        return Decision("store", plan)
    ids = {int(_tail(file.path).rpartition("/")[2]): file.path for file in others}
    if all(path == source.place(row_id) for row_id, path in ids.items()) and ids.keys() <= set(
        source.ids()
    ):
        return Decision("store", plan, tuple(sorted(ids)))
    issue = _elsewhere(f"from {', '.join(sorted(ids.values()))}", row.place)
    return Decision("leave", Plan("keep", known, issues=(issue,)))


def _elsewhere(whence: str, place: str) -> Issue:
    """Return the issue of an exposure that has come into the database in another way."""
    return Issue(
        "error",
        "imported_elsewhere",
        f"its exposure has come into the database {whence} and would be lost: delete that exposure "
        "to have this one in its place",
        place,
    )


def _tail(path: str) -> str:
    """Return table and row of a place, whatever the database is called now."""
    return path.rpartition("#")[2]


def _from_files(
    imported: Imported, known: tuple[KnownExposure, ...], files: list[StoredFile]
) -> Issue:
    """Return the issue of an exposure that has been loaded from its files."""
    have = {(file.role, file.name) for file in files if file.loaded}
    roles = {role for role, _ in have}
    content = imported.content
    missing = ["the cube's header"] if content.reduced and "reduced" not in roles else []
    missing += ["the raw file's headers and tables"] if content.raw and "raw" not in roles else []
    missing += [
        f"the analysis {file.name}"
        for fit in content.fits
        for file in (fit.prm, fit.psf)
        if file and (file.role, file.name) not in have
    ]
    label = known[0].archive_id or imported.files.label
    message = (
        f"{label} has been loaded from its files, which tell more than blobs: it is left as it is"
    )
    if missing:
        message += (
            f"; not among the files are {', '.join(missing)}: load these too, or delete the "
            "exposure and import again"
        )
    return Issue(
        "error" if missing else "note", "exposure_from_files", message, imported.rows[-1].place
    )
