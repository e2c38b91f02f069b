"""What to do with an exposure, from the files below the roots and those in the database."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aomuse.errors import FileError
from aomuse.exchange.files import COMPANION_ROLES, TEXT_ROLES, ExposureFiles, FoundFile
from aomuse.exchange.issue import Issue
from aomuse.fits.structure import file_checksum
from aomuse.ledger.known_exposures import KnownExposure, Ledger, StoredFile
from aomuse.muse.psf_models import MODELS

Action = Literal["load", "complete", "replace", "retry", "keep", "refuse"]


@dataclass(frozen=True)
class Plan:
    """What to do with an exposure.

    ``action`` is load (new), complete (missing files appeared), replace (files changed), retry (a
    file failed before), keep (nothing new) or refuse (rows would be lost). ``known`` is what the
    database has of it, the first keeps its id; ``others`` are files of it that lie elsewhere, to be
    read with the rest; ``touched`` are files with the same content, but another time or place;
    ``issues`` say why it is refused, what a replacement loses, or which errors are still open;
    ``forced`` is set by ``--reload``.
    """

    action: Action
    known: tuple[KnownExposure, ...] = ()
    others: tuple[StoredFile, ...] = ()
    touched: tuple[tuple[StoredFile, FoundFile], ...] = ()
    issues: tuple[Issue, ...] = ()
    forced: bool = False

    @property
    def failed_paths(self) -> set[str]:
        """Files that could not be loaded before."""
        return {file.path for known in self.known for file in known.files if not file.loaded}


@dataclass(frozen=True)
class Task:
    """An exposure that is to be read, and what is to be done with it.

    ``found`` is what the plan was made for; ``files`` are those and what is known from elsewhere.
    ``wait_s`` is how long to wait for another loader that has it.
    """

    found: ExposureFiles
    files: ExposureFiles
    plan: Plan
    wait_s: float = 0.0


@dataclass
class _Comparison:
    same: list[tuple[StoredFile, FoundFile]] = field(default_factory=list)
    touched: list[tuple[StoredFile, FoundFile]] = field(default_factory=list)
    changed: list[tuple[StoredFile, FoundFile]] = field(default_factory=list)
    added: list[FoundFile] = field(default_factory=list)
    absent: list[StoredFile] = field(default_factory=list)


def make_plan(
    ledger: Ledger, files: ExposureFiles, found: Collection[str] = (), *, reload: bool = False
) -> Plan:
    """Return what to do with an exposure."""
    known = ledger.known(files)
    if not known:
        return Plan("load")
    imported = [file for k in known for file in k.files if file.imported]
    compared = _compare(files.files, [f for k in known for f in k.files if not f.imported])
    moved = [f for f in compared.absent if f.path in found]
    left = [f for f in compared.absent if f not in moved]
    others = tuple(f for f in left if os.path.lexists(f.path))
    gone = [f for f in left if f.loaded and f not in others]
    repaired = [pair for pair in compared.changed if not pair[0].loaded]
    failed = [pair for pair in compared.same if not pair[0].loaded]
    # A bad file that the user has removed is not an error any more.
    removed = [f for f in left if not f.loaded and f not in others]
    new = compared.added or compared.changed or moved or removed or len(known) > 1
    # A file that is whole again leaves no other trace.
    new = new or any(k.rows_kept for k in known)
    if gone and new and not reload:
        names = ", ".join(file.path for file in gone)
        message = (
            f"{files.label} has changed, but its rows also come from {names}, which has gone away "
            "and would be lost: restore the file, or load with --reload to go on without it"
        )
        return _refuse(files, known, "companion_gone", message)
    if imported:
        return _plan_import(files, known, imported, others, reload=reload)
    if reload or moved or len(compared.changed) > len(repaired):
        return Plan("replace", known, others, forced=reload)
    if new:
        return Plan("complete", known, others)
    touched = tuple(compared.touched)
    return (
        Plan("retry", known, others, touched)
        if failed
        else Plan("keep", known, (), touched, tuple(known[0].errors))
    )


def stored_but_left_out(
    ledger: Ledger, left_out: Sequence[tuple[FoundFile, str]], planned: Collection[int]
) -> Iterator[Issue]:
    """Yield an issue for each exposure of which only files that are left out now are stored."""
    for file, why in left_out:
        known = ledger.by_path(str(file))
        if known is not None and known.id not in planned:
            message = (
                f"it is left out ({why}), but an earlier load stored it as exposure {known.id}: "
                "delete that row of the table exposure, by its id"
            )
            yield Issue("warning", "left_out_stored", message, str(file))


def _refuse(
    files: ExposureFiles, known: tuple[KnownExposure, ...], code: str, message: str
) -> Plan:
    return Plan("refuse", known, issues=(Issue("error", code, message, str(files.files[0])),))


def _compare(found: Sequence[FoundFile], known: Sequence[StoredFile]) -> _Comparison:
    result = _Comparison()
    left = list(known)
    unmatched = []
    for file in found:
        partner = next((k for k in left if k.path == str(file) and k.role == file.role), None)
        if partner is None:
            unmatched.append(file)
            continue
        left.remove(partner)
        _sort_pair(partner, file, result)
    for file in unmatched:
        # A tree that was moved, or made again elsewhere, has the same names: the one loaded last
        # counts. The same content by another name is a file that was renamed.
        partner = next((k for k in left if _same_place(k, file)), None) or next(
            (k for k in left if k.role == file.role and _is_renamed(k, file)), None
        )
        if partner is None:
            result.added.append(file)
            continue
        left.remove(partner)
        _sort_pair(partner, file, result)
    result.absent = left
    return result


def _same_place(known: StoredFile, file: FoundFile) -> bool:
    """Return whether a file elsewhere stands for a known one: its role, name and PSF model."""
    models = [
        {model for model in MODELS if model in path.lower()} for path in (known.path, str(file))
    ]
    return (known.role, known.name) == (file.role, file.name) and models[0] == models[1]


def _is_renamed(known: StoredFile, file: FoundFile) -> bool:
    return not os.path.lexists(known.path) and _same_content(known, file)


def _sort_pair(known: StoredFile, file: FoundFile, result: _Comparison) -> None:
    if (known.size, known.mtime_ns, known.path) == (file.size, file.mtime_ns, str(file)):
        result.same.append((known, file))
    elif known.loaded and known.name == file.name and _same_content(known, file):
        result.touched.append((known, file))
    else:
        result.changed.append((known, file))


def _same_content(known: StoredFile, file: FoundFile) -> bool:
    if known.size != file.size or known.sha256 is None:
        return False
    try:
        return file_checksum(file.path, str(file), is_text=file.role in TEXT_ROLES) == known.sha256
    except FileError:
        return False


def _plan_import(
    files: ExposureFiles,
    known: tuple[KnownExposure, ...],
    imported: list[StoredFile],
    others: tuple[StoredFile, ...],
    *,
    reload: bool,
) -> Plan:
    """Replace what was imported by its files, if these are at least as much."""
    lost = _without_file(imported, [*files.files, *others])
    needed = [file for file in lost if file.role not in COMPANION_ROLES]
    if needed and not reload:
        names = ", ".join(f"{file.role} ({file.name}, {file.path})" for file in needed)
        message = (
            f"{files.label} was imported from blobs, of which these have no file here and would be "
            f"lost: {names}: supply the files too, or load with --reload to go on without them"
        )
        return _refuse(files, known, "import_incomplete", message)
    issues = tuple(
        Issue(
            "warning",
            "import_replaced",
            f"the exposure's files replace what was imported, and none of them is the {file.role} "
            f"{file.name}: it is no longer in the database, but still in the one it came from",
            file.path,
        )
        for file in lost
    )
    return Plan("replace", known, others, issues=issues, forced=reload)


def _without_file(
    imported: list[StoredFile], found: Sequence[FoundFile | StoredFile]
) -> list[StoredFile]:
    """Return the imported blobs that no file stands for: by role, and an analysis by name."""

    def key(file: FoundFile | StoredFile) -> tuple[str, str]:
        named = file.role in ("prm", "psf")
        name = file.name.removesuffix(".fz").removesuffix(".fits")
        return file.role, name if named else ""

    left = Counter(key(file) for file in found)
    lost = []
    for file in imported:
        if left[key(file)]:
            left[key(file)] -= file.role in ("prm", "psf")
        elif file.loaded and file.role != "row":
            lost.append(file)
    return lost
