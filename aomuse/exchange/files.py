"""The nouns of discovery: files, analyses and exposures, before anything is read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from aomuse.exchange.issue import Issue
from aomuse.paths import printable

#: ``unknown`` is a FITS file until its header says what it is, ``row`` the row of an imported
#: database, which is not a file.
Role = Literal["reduced", "raw", "prm", "psf", "night_log", "catalog", "raman", "row", "unknown"]

#: Roles of files that are text.
TEXT_ROLES: tuple[Role, ...] = ("night_log", "catalog")
#: Roles of companions: an exposure is complete without them.
COMPANION_ROLES: tuple[Role, ...] = ("night_log", "catalog", "raman")


@dataclass(frozen=True)
class FoundFile:
    """A file of the tree: its absolute path, its role by folder and name, size and time.

    The files of one analysis share the ``stem``. ``base`` is the folder that holds ``single``,
    ``raw`` and ``analysis``; ``folder`` are the folders between these and the file, such as a date.
    ``inode`` is the device and number of the file behind the path.
    """

    path: Path
    role: Role
    stem: str
    base: Path
    folder: tuple[str, ...]
    size: int
    mtime_ns: int
    inode: tuple[int, int] | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Name without its folder."""
        return printable(self.path.name)

    def __str__(self) -> str:
        return printable(self.path)


def catalog_extension(name: str) -> str:
    """Return the name that a catalogue's table gets: DETECTIONS of ``X.detections.cat``."""
    return name.split(".")[-2].split(" ", maxsplit=1)[0].split("(", maxsplit=1)[0].upper()


#: How the path of what was imported begins; no absolute path does.
IMPORT_PREFIX = "import:"


@dataclass(frozen=True)
class ImportedBlob(FoundFile):
    """A JSON blob of an AOMUSE database, in place of the file that it was made from.

    Of the fields of `FoundFile` only role and size mean something. ``place`` is `IMPORT_PREFIX`,
    the database without user and password, table, row and column; ``sha256`` is that of the text.
    """

    place: str = ""
    file_name: str = ""
    sha256: str = ""

    @property
    def name(self) -> str:
        """Name of the file that the blob was made from."""
        return self.file_name

    def __str__(self) -> str:
        return self.place


@dataclass(frozen=True)
class Identity:
    """What a primary header says about the exposure behind a file.

    ``archive_id`` is the archive's name of the raw exposure without ``.fits``, ``raw_file`` PROV1
    with ``.fz`` appended, as in AOMUSE 2020. ``combined`` says by which keyword a cube is made from
    several exposures. ``left_out`` says why a file is not part of a science exposure. ``facts`` are
    start, mode and target, which two files of one exposure must share. ``role`` is what the header
    makes of the file, ``product`` is ESO PRO CATG, the times are DATE-OBS and MJD-OBS.
    """

    archive_id: str | None
    raw_file: str | None = None
    combined: str | None = None
    left_out: str | None = None
    facts: tuple[str | None, ...] = ()
    role: Role | None = None
    product: str | None = None
    start_utc: dt.datetime | None = None
    mjd_utc: dt.datetime | None = None


@dataclass(frozen=True)
class FitFiles:
    """The files of one PampelMuse analysis, by the cube's name and the folder's PSF model."""

    name: str
    model: str | None = None
    prm: FoundFile | None = None
    psf: FoundFile | None = None
    reduced: FoundFile | None = None

    @property
    def path(self) -> str:
        """Path of the file that stands for the analysis."""
        return str(self.prm or self.psf)


@dataclass(frozen=True)
class ExposureFiles:
    """The files of one exposure of the telescope, with what is missing or doubled.

    ``archive_id`` is None where no header gives it; ``raw_file`` is the raw file's name by the
    reduced header (PROV1 and ``.fz``). The first reduced cube describes the exposure.
    """

    archive_id: str | None
    raw_file: str | None = None
    reduced: tuple[FoundFile, ...] = ()
    raw: FoundFile | None = None
    fits: tuple[FitFiles, ...] = ()
    issues: tuple[Issue, ...] = ()
    companions: tuple[FoundFile, ...] = ()

    @property
    def label(self) -> str:
        """Name of the exposure for people."""
        return self.archive_id or self.files[0].name

    @property
    def files(self) -> tuple[FoundFile, ...]:
        """All files, reduced first."""
        raw = (self.raw,) if self.raw else ()
        analysis = (file for fit in self.fits for file in (fit.prm, fit.psf) if file)
        return (*self.reduced, *raw, *analysis, *self.companions)


@dataclass(frozen=True)
class Discovery:
    """What the roots hold."""

    #: Sorted by archive name; those without one last.
    exposures: list[ExposureFiles]
    #: About files that belong to no exposure.
    issues: list[Issue] = field(default_factory=list)
    #: Files that are not part of a science exposure, each with the reason.
    left_out: list[tuple[FoundFile, str]] = field(default_factory=list)
    #: Files whose headers were read now: the role by folder, and the identity by header.
    read: dict[FoundFile, tuple[Role, Identity]] = field(default_factory=dict)
    files: list[FoundFile] = field(default_factory=list)
