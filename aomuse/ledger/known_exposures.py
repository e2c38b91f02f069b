"""What the database already has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.files import IMPORT_PREFIX, ExposureFiles, ImportedBlob, Role
from aomuse.exchange.issue import Issue
from aomuse.ledger.selecting import selected
from aomuse.models import Exposure, LoadIssue, SourceFile

#: Code of the issue that a damaged file has not replaced the rows of its earlier content.
ROWS_KEPT = "rows_kept"


@dataclass(frozen=True)
class StoredFile:
    """A file as source_file has it."""

    id: int
    role: Role
    name: str
    path: str
    size: int
    mtime_ns: int | None
    sha256: str | None
    loaded: bool
    load_run_id: int

    @property
    def imported(self) -> bool:
        """True for a blob of an imported database, which stands for a file."""
        return self.path.startswith(IMPORT_PREFIX)


@dataclass(eq=False)
class KnownExposure:
    """An exposure as the database has it, with its open errors."""

    id: int
    archive_id: str | None
    raw_file: str | None
    files: list[StoredFile] = field(default_factory=list)
    errors: list[Issue] = field(default_factory=list)
    #: A file was damaged after it was loaded, and the rows of its earlier content were kept.
    rows_kept: bool = False

    @property
    def state(self) -> tuple[object, ...]:
        """What another loader would change: the rows of its files, with path and checksum."""
        files = frozenset((file.id, file.path, file.sha256) for file in self.files)
        return self.id, self.archive_id, files


class Ledger:
    """The files and exposures that the database has."""

    def __init__(self, connection: Connection, ids: Collection[int] | None = None) -> None:
        """Read all exposures, or those of some ids."""
        self._exposures: dict[int, KnownExposure] = {}
        self._by_archive_id: dict[str, KnownExposure] = {}
        self._by_path: dict[str, tuple[KnownExposure, StoredFile]] = {}
        self._by_name: dict[tuple[Role, str], list[KnownExposure]] = defaultdict(list)
        exposures = sa.select(Exposure.id, Exposure.archive_id, Exposure.raw_file)
        for row in selected(connection, exposures, Exposure.id, ids):
            known = KnownExposure(row.id, row.archive_id, row.raw_file)
            self._exposures[row.id] = known
            if row.archive_id is not None:
                self._by_archive_id[row.archive_id] = known
        files = sa.select(*SourceFile.__table__.columns)
        for row in selected(connection, files, SourceFile.exposure_id, ids):
            file = StoredFile(
                row.id,
                row.role,
                row.name,
                row.path,
                row.size_bytes,
                row.mtime_ns,
                row.sha256,
                row.outcome != "failed",
                row.load_run_id,
            )
            if (stored := self._exposures.get(row.exposure_id)) is None:
                continue  # another loader has stored it since
            stored.files.append(file)
            self._by_path[row.path] = stored, file
            self._by_name[row.role, row.name].append(stored)
        issues = sa.select(*LoadIssue.__table__.columns).where(
            LoadIssue.exposure_id.is_not(None),
            LoadIssue.closed_run_id.is_(None),
            sa.or_(LoadIssue.severity == "error", LoadIssue.code == ROWS_KEPT),
        )
        for row in selected(connection, issues, LoadIssue.exposure_id, ids):
            if (of := self._exposures.get(row.exposure_id)) is None:
                continue
            if row.code == ROWS_KEPT:
                of.rows_kept = True
                continue
            of.errors.append(Issue("error", row.code, row.message, row.path, row.extension_name))

    def known(self, files: ExposureFiles) -> tuple[KnownExposure, ...]:
        """Return what the database has of an exposure."""
        found: dict[int, KnownExposure] = {}
        if files.archive_id in self._by_archive_id:
            known = self._by_archive_id[files.archive_id]
            found[known.id] = known
        for known in [*self._by_files(files), *self._by_names(files)]:
            found.setdefault(known.id, known)
        return tuple(found.values())

    def exposures(self) -> Iterable[KnownExposure]:
        """Return all exposures that the database has."""
        return self._exposures.values()

    def by_archive_id(self, archive_id: str) -> KnownExposure | None:
        """Return the exposure of an archive name, None if there is none."""
        return self._by_archive_id.get(archive_id)

    def by_path(self, path: str) -> KnownExposure | None:
        """Return the exposure that has rows of a file, None if there is none."""
        known, file = self._by_path.get(path, (None, None))
        return known if file and file.loaded else None

    def _by_files(self, files: ExposureFiles) -> Iterator[KnownExposure]:
        """Yield exposures that have files of this one."""
        # The address of an imported database does not identify it: another one may have it too.
        paths = {str(file) for file in files.files if not isinstance(file, ImportedBlob)}
        for path in paths & self._by_path.keys():
            known = self._by_path[path][0]
            same = known.archive_id in (None, files.archive_id) or files.archive_id is None
            # A corrected PROV1 moves all files of an exposure to another.
            if same or {file.path for file in known.files if file.loaded} <= paths:
                yield known

    def _by_names(self, files: ExposureFiles) -> Iterator[KnownExposure]:
        """Yield exposures with files of the same names, where one of the two has no archive id."""
        if files.archive_id is None:
            # Only the name of their cube says which exposure these belong to.
            for fit in files.fits:
                cubes = self._named("reduced", fit.name)
                if len(cubes) == 1:
                    yield cubes[0]
            return
        named = [known for f in files.files for known in self._by_name.get((f.role, f.name), [])]
        for cube in files.reduced:
            # An analysis that was loaded before its cube had no exposure to belong to.
            named += self._named("prm", f"{cube.stem}.prm") + self._named("psf", f"{cube.stem}.psf")
        yield from (known for known in named if known.archive_id is None)

    def _named(self, role: Role, stem: str) -> list[KnownExposure]:
        """Return the exposures that have a file of a role and name, compressed or not."""
        return [
            known
            for suffix in (".fits", ".fits.fz")
            for known in self._by_name.get((role, stem + suffix), [])
        ]
