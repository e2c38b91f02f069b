"""The nouns of reading: exposures and files as content, their HDUs, cards and columns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.files import FoundFile, Role
from aomuse.exchange.issue import Issue
from aomuse.exchange.night_log import NightLog

HduType = Literal[
    "primary",
    "image",
    "compressed_image",
    "binary_table",
    "ascii_table",
    "ecsv",
    "json",
    "other",
]


_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True)
class ColumnFormat:
    """How the file defines a table column: the T… keywords, verbatim where they are text.

    ``description`` is of catalogues in ECSV, ``datatype`` of these and of imported JSON.
    """

    position: int
    name: str
    format: str
    unit: str | None = None
    null_value: str | None = None
    scale: float | None = None
    zero: float | None = None
    display: str | None = None
    dimensions: str | None = None
    description: str | None = None
    datatype: str | None = None


@dataclass(frozen=True)
class TableContent:
    """A table, column by column.

    Parameters
    ----------
    formats : tuple of ColumnFormat
        The columns' definitions.
    values : tuple of ndarray
        For each column an array of shape ``(rows,)`` or ``(rows, …)``, as astropy shows it, in
        native byte order; variable-length columns have dtype object.
    nulls : tuple of (ndarray or None)
        For each column a boolean array of the same shape, True where the file says that there is
        no value (TNULL, an undefined logical); None where there is no such value.
    row_count : int
        Number of rows.
    """

    formats: tuple[ColumnFormat, ...]
    values: tuple[npt.NDArray[Any], ...]
    nulls: tuple[npt.NDArray[np.bool_] | None, ...]
    row_count: int

    def index(self, name: str) -> int | None:
        """Return the index of the column called ``name``, in any case; None if there is none.

        Where two names differ by case only, the exact one counts, then the first.
        """
        names = [f.name for f in self.formats]
        if name in names:
            return names.index(name)
        upper = name.upper()
        return next((i for i, n in enumerate(names) if n.upper() == upper), None)


@dataclass(frozen=True)
class HduContent:
    """One HDU.

    Parameters
    ----------
    index : int
        Position in the file, from 0.
    name : str
        EXTNAME as astropy shows it, ``PRIMARY`` for the first.
    type : str
        Kind of the HDU.
    dimensions : str
        Size of the image or table.
    card_images : bytes or None
        The header's own card images from the file, up to and without END; None for imported JSON.
    card_count : int
        Cards as astropy shows them.
    cards : DataFrame
        Columns position, keyword, comment, value_type, value_int, value_float, value_text.
    table : TableContent, optional
        The table, if it is one.
    """

    index: int
    name: str
    type: HduType
    dimensions: str
    card_images: bytes | None
    card_count: int
    cards: pd.DataFrame
    table: TableContent | None = None


@dataclass
class FileContent:
    """One file: what it is, what it holds, and what there is to say about it.

    A night log is in ``night_log`` and has no HDUs; a catalogue is one HDU. The time of a blob that
    stands for a file is not known.
    """

    found: FoundFile
    size: int
    mtime_ns: int | None
    sha256: str
    hdus: tuple[HduContent, ...]
    issues: list[Issue] = field(default_factory=list)
    night_log: NightLog | None = None

    @property
    def path(self) -> str:
        """Absolute path."""
        return str(self.found)

    @property
    def name(self) -> str:
        """Name without its folder."""
        return self.found.name

    @property
    def role(self) -> Role:
        """What the file is to its exposure."""
        return self.found.role

    def hdu(self, name: str) -> HduContent | None:
        """Return the first HDU called ``name``, None if there is none."""
        return next((hdu for hdu in self.hdus if hdu.name == name), None)

    def card(self, keyword: str, hdu: int = 0) -> Any:
        """Return the value of the first card with ``keyword``, None if absent or undefined."""
        cards = self.hdus[hdu].cards
        found = cards[cards["keyword"] == keyword]
        if found.empty:
            return None
        return card_value(found.iloc[0])


def card_value(card: Any) -> Any:
    """Return the Python value of a row of a frame of cards; None if undefined or unparsed."""
    match card["value_type"]:
        case "int":
            return int(card["value_text"] if pd.isna(card["value_int"]) else card["value_int"])
        case "bool":
            return bool(card["value_int"])
        case "float":
            return float(card["value_float"])
        case "str" | "commentary":
            return str(card["value_text"])
        case "complex":
            return complex(card["value_text"])
        case _:
            return None


def typed_value(  # noqa: PLR0911 - one return for each type of value
    value: Any,
) -> tuple[str, int | None, float, str | None]:
    """Return the columns that hold the value of a card, as `card_value` reads them.

    Parameters
    ----------
    value : object
        A value as astropy gives it; whatever is no value is undefined.

    Returns
    -------
    tuple
        value_type, value_int, value_float (NaN for none) and value_text.
    """
    if isinstance(value, bool | np.bool_):
        return "bool", int(value), np.nan, None
    if isinstance(value, int | np.integer):
        if _INT64.min <= value <= _INT64.max:
            return "int", int(value), np.nan, None
        return "int", None, np.nan, str(value)
    if isinstance(value, float | np.floating):
        return "float", None, float(value), None
    if isinstance(value, complex | np.complexfloating):
        return "complex", None, np.nan, str(complex(value))
    if isinstance(value, str):
        return "str", None, np.nan, value
    return "undefined", None, np.nan, None


@dataclass(frozen=True)
class FitContent:
    """The files of one PampelMuse analysis, read; None for one that is missing or unreadable.

    Parameters
    ----------
    name : str
        Name of the cube without ``.fits``.
    model : str or None
        PSF model, where the folder tells it.
    reduced, prm, psf : FileContent or None
        The cube, the parameters and the sources.
    prm_name : str or None
        Name of a parameter file that is known without its content.
    wavelength_nm : ndarray or None
        Wavelengths of the layers where they are told as such, and not by SPECTRA.
    """

    name: str
    model: str | None
    reduced: FileContent | None
    prm: FileContent | None
    psf: FileContent | None
    prm_name: str | None = None
    wavelength_nm: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class ImportedColumns:
    """What an imported row says of an exposure in columns of its own, apart from the headers."""

    target: str | None = None
    instrument_mode: str | None = None
    date_obs_utc: dt.datetime | None = None
    ob_id: int | None = None


@dataclass(frozen=True)
class ExposureContent:
    """The files of one exposure, read.

    Parameters
    ----------
    archive_id : str or None
        Archive name of the raw exposure.
    raw_file : str or None
        Name of the raw file by the reduced header.
    reduced : tuple of FileContent
        Reduced cubes, the first of which speaks for the exposure.
    raw : FileContent or None
        The raw file.
    fits : tuple of FitContent
        PampelMuse analyses.
    failed : tuple of FoundFile
        Files that could not be read.
    issues : tuple of Issue
        What there is to say of the files.
    companions : tuple of FileContent
        Its night log, catalogues and Raman images.
    columns : ImportedColumns
        What an imported row says. Target and mode take precedence over the headers, since users
        of AOMUSE could change them; the others fill gaps.
    """

    archive_id: str | None
    raw_file: str | None
    reduced: tuple[FileContent, ...]
    raw: FileContent | None
    fits: tuple[FitContent, ...]
    failed: tuple[FoundFile, ...]
    issues: tuple[Issue, ...]
    companions: tuple[FileContent, ...] = ()
    columns: ImportedColumns = ImportedColumns()

    @property
    def files(self) -> tuple[FileContent, ...]:
        """All files that were read, reduced first."""
        raw = (self.raw,) if self.raw else ()
        analysis = (file for fit in self.fits for file in (fit.prm, fit.psf) if file)
        return (*self.reduced, *raw, *analysis, *self.companions)
