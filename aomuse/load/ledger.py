"""What the database already has, and what is to be done with what was found."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import FileError
from aomuse.files import MODELS, ExposureFiles, FoundFile, Role
from aomuse.fits_structure import file_checksum
from aomuse.issue import Issue
from aomuse.models import Exposure, LoadIssue, SourceFile

Action = Literal["load", "complete", "replace", "retry", "keep", "refuse"]


@dataclass(frozen=True)
class KnownFile:
    """A file as source_file has it."""

    id: int
    role: Role
    name: str
    path: str
    size: int
    mtime_ns: int
    sha256: str | None
    loaded: bool


@dataclass
class KnownExposure:
    """An exposure as the database has it, with its open errors."""

    id: int
    archive_id: str | None
    raw_file: str | None
    files: list[KnownFile] = field(default_factory=list)
    errors: list[Issue] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What to do with an exposure.

    Parameters
    ----------
    action : str
        load (new), complete (missing files appeared), replace (files changed), retry (a file
        failed before), keep (nothing new) or refuse (rows would be lost).
    known : tuple of KnownExposure
        What the database has of it; the first keeps its id.
    others : tuple of KnownFile
        Files of it that lie elsewhere and still exist; to be read again with the rest.
    touched : tuple of (KnownFile, FoundFile)
        Files with the same content, but another time or place.
    issues : tuple of Issue
        Why it is refused, or the errors that are still open.
    """

    action: Action
    known: tuple[KnownExposure, ...] = ()
    others: tuple[KnownFile, ...] = ()
    touched: tuple[tuple[KnownFile, FoundFile], ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def failed_paths(self) -> set[str]:
        """Files that could not be loaded before."""
        return {file.path for known in self.known for file in known.files if not file.loaded}


@dataclass
class _Comparison:
    same: list[tuple[KnownFile, FoundFile]] = field(default_factory=list)
    touched: list[tuple[KnownFile, FoundFile]] = field(default_factory=list)
    changed: list[tuple[KnownFile, FoundFile]] = field(default_factory=list)
    added: list[FoundFile] = field(default_factory=list)
    absent: list[KnownFile] = field(default_factory=list)


class Ledger:
    """The files and exposures that the database has.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Read once, in three queries.
    """

    def __init__(self, connection: Connection) -> None:
        self._exposures: dict[int, KnownExposure] = {}
        self._by_archive_id: dict[str, KnownExposure] = {}
        self._by_path: dict[str, tuple[KnownExposure, KnownFile]] = {}
        self._by_name: dict[tuple[Role, str], list[KnownExposure]] = defaultdict(list)
        for row in connection.execute(
            sa.select(Exposure.id, Exposure.archive_id, Exposure.raw_file)
        ):
            known = KnownExposure(row.id, row.archive_id, row.raw_file)
            self._exposures[row.id] = known
            if row.archive_id is not None:
                self._by_archive_id[row.archive_id] = known
        for row in connection.execute(sa.select(*SourceFile.__table__.columns)):
            file = KnownFile(
                row.id,
                row.role,
                row.name,
                row.path,
                row.size_bytes,
                row.mtime_ns,
                row.sha256,
                row.outcome == "loaded",
            )
            known = self._exposures[row.exposure_id]
            known.files.append(file)
            self._by_path[row.path] = known, file
            self._by_name[row.role, row.name].append(known)
        for row in connection.execute(
            sa.select(*LoadIssue.__table__.columns).where(
                LoadIssue.exposure_id.is_not(None),
                LoadIssue.closed_run_id.is_(None),
                LoadIssue.severity == "error",
            )
        ):
            issue = Issue("error", row.code, row.message, row.path, row.extension_name)
            self._exposures[row.exposure_id].errors.append(issue)

    def recall(self, file: FoundFile) -> tuple[str | None, str | None] | None:
        """Return archive id and raw file's name of an unchanged file, None if it is not known."""
        entry = self._by_path.get(str(file))
        if entry is None:
            return None
        exposure, known = entry
        unchanged = (known.size, known.mtime_ns) == (file.size, file.mtime_ns)
        if not (unchanged and known.loaded and known.role == file.role):
            return None
        return exposure.archive_id, exposure.raw_file

    def plan(self, files: ExposureFiles, *, reload: bool = False) -> Plan:
        """Return what to do with an exposure.

        Parameters
        ----------
        files : ExposureFiles
            The exposure, as found.
        reload : bool, optional
            Read it again even if nothing is new, and give up files that have gone away.

        Returns
        -------
        Plan
            The plan.
        """
        known = self._known(files)
        if not known:
            return Plan("load")
        compared = _compare(files.files, [file for k in known for file in k.files])
        others = tuple(f for f in compared.absent if os.path.lexists(f.path))
        gone = [f for f in compared.absent if f.loaded and f not in others]
        repaired = [pair for pair in compared.changed if not pair[0].loaded]
        failed = [pair for pair in compared.same if not pair[0].loaded]
        new = compared.added or compared.changed or len(known) > 1
        if gone and new and not reload:
            return Plan("refuse", known, issues=(_gone(files, gone),))
        if reload or len(compared.changed) > len(repaired):
            return Plan("replace", known, others)
        if new:
            return Plan("complete", known, others)
        touched = tuple(compared.touched)
        if failed:
            return Plan("retry", known, others, touched)
        return Plan("keep", known, (), touched, tuple(known[0].errors))

    def _known(self, files: ExposureFiles) -> tuple[KnownExposure, ...]:
        """Return what the database has of an exposure, the one that keeps its id first."""
        found: dict[int, KnownExposure] = {}
        if files.archive_id in self._by_archive_id:
            known = self._by_archive_id[files.archive_id]
            found[known.id] = known
        for file in files.files:
            for known in self._candidates(file, files.archive_id):
                found.setdefault(known.id, known)
        if files.archive_id is None:
            # Nothing tells which exposure these belong to but the name of their cube.
            for fit in files.fits:
                cubes = [
                    *self._by_name["reduced", f"{fit.name}.fits"],
                    *self._by_name["reduced", f"{fit.name}.fits.fz"],
                ]
                if len(cubes) == 1:
                    found.setdefault(cubes[0].id, cubes[0])
        return tuple(found.values())

    def _candidates(self, file: FoundFile, archive_id: str | None) -> Iterable[KnownExposure]:
        """Yield exposures that have this file and may be the one called ``archive_id``."""
        entry = self._by_path.get(str(file))
        if entry is not None:
            same = entry[0].archive_id in (None, archive_id) or archive_id is None
            if same:
                yield entry[0]
            return
        for known in self._by_name[file.role, file.name]:
            if known.archive_id is None and archive_id is not None:
                yield known


def _compare(found: Sequence[FoundFile], known: Sequence[KnownFile]) -> _Comparison:
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
        # A tree that was moved or made anew elsewhere has the same names: the one loaded last
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


def _same_place(known: KnownFile, file: FoundFile) -> bool:
    """Return whether a file elsewhere stands for a known one: its role, name and PSF model."""
    models = [
        {model for model in MODELS if model in path.lower()} for path in (known.path, str(file))
    ]
    return (known.role, known.name) == (file.role, file.name) and models[0] == models[1]


def _is_renamed(known: KnownFile, file: FoundFile) -> bool:
    return not os.path.lexists(known.path) and _same_content(known, file)


def _sort_pair(known: KnownFile, file: FoundFile, result: _Comparison) -> None:
    if (known.size, known.mtime_ns, known.path) == (file.size, file.mtime_ns, str(file)):
        result.same.append((known, file))
    elif known.loaded and _same_content(known, file):
        result.touched.append((known, file))
    else:
        result.changed.append((known, file))


def _same_content(known: KnownFile, file: FoundFile) -> bool:
    if known.size != file.size or known.sha256 is None:
        return False
    try:
        return file_checksum(file.path, str(file)) == known.sha256
    except FileError:
        return False


def _gone(files: ExposureFiles, gone: list[KnownFile]) -> Issue:
    names = ", ".join(file.path for file in gone)
    return Issue(
        "error",
        "companion_gone",
        f"{files.label} has changed, but its rows also come from {names}, which has gone away and "
        "would be lost: give the file back, or load with --reload to go on without it",
        str(files.files[0]),
    )
