"""The nouns of discovery: files, analyses and exposures, before anything is read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aomuse.exchange.issue import Issue
from aomuse.paths import printable

#: ``unknown`` is a FITS file until its header has told what it is, ``row`` the row of an imported
#: database, which stands for no file.
Role = Literal["reduced", "raw", "prm", "psf", "night_log", "catalog", "raman", "row", "unknown"]

#: Roles of files that are text.
TEXT_ROLES: tuple[Role, ...] = ("night_log", "catalog")
#: Roles of companions: an exposure is complete without them.
COMPANION_ROLES: tuple[Role, ...] = ("night_log", "catalog", "raman")


@dataclass(frozen=True)
class FoundFile:
    """A file of the tree.

    Parameters
    ----------
    path : pathlib.Path
        Absolute path.
    role : str
        One of `Role`, by the folder and the name.
    stem : str
        Name that the files of one analysis share.
    base : pathlib.Path
        Folder that holds ``single``, ``raw`` and ``analysis``.
    folder : tuple of str
        Folders between these and the file, such as a date.
    size : int
        Size in bytes.
    mtime_ns : int
        Modification time, ns since 1970.
    """

    path: Path
    role: Role
    stem: str
    base: Path
    folder: tuple[str, ...]
    size: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """Name without its folder."""
        return printable(self.path.name)

    def __str__(self) -> str:
        return printable(self.path)


def catalog_extension(name: str) -> str:
    """Return the name that a catalogue's table gets: DETECTIONS of ``X.detections.cat``."""
    return name.split(".")[-2].upper()


#: How the path of what was imported begins; no absolute path does.
IMPORT_PREFIX = "import:"


@dataclass(frozen=True)
class ImportedBlob(FoundFile):
    """A JSON blob of an AOMUSE database, in place of the file that it was made from.

    Parameters
    ----------
    path, role, stem, base, folder, size, mtime_ns : object
        As `FoundFile`; of these only role and size mean something.
    place : str
        Database without user and password, table, row and column, after `IMPORT_PREFIX`.
    file_name : str
        Name of the file that the blob was made from.
    sha256 : str
        SHA-256 of the blob's text.
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

    Parameters
    ----------
    archive_id : str or None
        Archive name of the raw exposure without ``.fits``.
    raw_file : str or None
        PROV1 with ``.fz`` appended, as AOMUSE 2020 named the raw file.
    combined : bool
        True for a cube made from several exposures (PROV2 exists).
    left_out : str or None
        Why a file is no part of a science exposure.
    facts : tuple
        Start, mode and target, which two files of one exposure must share.
    role : str or None
        What the file is by its header; ``unknown`` where that does not tell.
    product : str or None
        ESO PRO CATG.
    start_utc, mjd_utc : datetime.datetime or None
        DATE-OBS, and MJD-OBS as a time.
    """

    archive_id: str | None
    raw_file: str | None = None
    combined: bool = False
    left_out: str | None = None
    facts: tuple[str | None, ...] = ()
    role: Role | None = None
    product: str | None = None
    start_utc: dt.datetime | None = None
    mjd_utc: dt.datetime | None = None


@dataclass(frozen=True)
class FitFiles:
    """The files of one PampelMuse analysis.

    Parameters
    ----------
    name : str
        Name of the cube without ``.fits``.
    model : str or None
        PSF model, where the folder's name tells it.
    prm, psf, reduced : FoundFile or None
        The parameters, the sources, and the cube.
    """

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
    """The files of one exposure of the telescope.

    Parameters
    ----------
    archive_id : str or None
        Archive name of the raw exposure; None where no header tells it.
    raw_file : str or None
        Name of the raw file by the reduced header (PROV1 and ``.fz``).
    reduced : tuple of FoundFile
        Reduced cubes, the first of which speaks for the exposure.
    raw : FoundFile or None
        The raw file.
    fits : tuple of FitFiles
        PampelMuse analyses.
    issues : tuple of Issue
        What is missing or doubled.
    companions : tuple of FoundFile
        Its night log, catalogues and Raman images.
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
