"""The nouns of reading: exposures and files as content, their HDUs, cards and columns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.column_format import ColumnFormat
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
    "sextractor",
    "json",
    "other",
]


_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True)
class TableContent:
    """A table, column by column.

    ``values`` has for each column an array of shape ``(rows,)`` or ``(rows, …)``, as astropy shows
    it, in native byte order; variable-length columns have dtype object. ``nulls`` has an array of
    the same shape, True where the file says that there is no value (TNULL, an undefined logical),
    or None where every value is there.
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

    ``name`` is EXTNAME as astropy shows it, PRIMARY for the first. ``card_images`` are the header's
    own bytes up to and without END, None for imported JSON. ``cards`` has the columns position,
    keyword, comment, value_type, value_int, value_float, value_text.
    """

    index: int
    name: str
    type: HduType
    dimensions: str
    card_images: bytes | None
    card_count: int
    cards: pd.DataFrame
    table: TableContent | None = None

    @property
    def key(self) -> str:
        """The name by which astropy finds it: without blanks around it, in upper case."""
        return self.name.strip().upper()


@dataclass
class FileContent:
    """One file: what it is, what it holds, and its issues.

    A night log is in ``night_log`` and has no HDUs; a catalogue is one HDU. A blob that stands for
    a file has no time.
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
        """Return the first HDU called ``name``, in any case; None if there is none."""
        return next((hdu for hdu in self.hdus if hdu.key == name), None)

    def card(self, keyword: str, hdu: int = 0) -> Any:
        """Return the value of the first card with ``keyword``, None if absent or undefined."""
        cards = self.hdus[hdu].cards
        found = cards[cards["keyword"] == keyword]
        if found.empty:
            return None
        return card_value(found.iloc[0])


def card_value(card: Any) -> Any:
    """Return the Python value of a row of a frame of cards; None if undefined or unparsed."""
    if card["value_type"] == "unparsed":
        return None
    columns = ("value_type", "value_int", "value_float", "value_text")
    return decode_card(*(card[name] for name in columns))


def decode_card(kind: str, integer: Any, number: float, text: str | None) -> Any:
    """Return the value of a card from its columns: the text of an unparsed one, None for none."""
    match kind:
        case "int":
            return int(text or 0) if integer is None or integer is pd.NA else int(integer)
        case "bool":
            return bool(integer)
        case "float":
            return float(number)
        case "complex":
            return complex(text or "nan")
        case "undefined":
            return None
        case _:
            return text


def typed_value(  # noqa: PLR0911 - one return for each type of value
    value: Any,
) -> tuple[str, int | None, float, str | None]:
    """Return value_type, value_int, value_float (NaN for none) and value_text of a card's value.

    `card_value` reads them back; anything that is not a value of FITS is undefined.
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

    ``name`` is that of the cube without ``.fits``, ``model`` the PSF model by the folder. An import
    may know ``prm_name`` without its content, and ``wavelength_nm`` without SPECTRA.
    """

    name: str
    model: str | None
    reduced: FileContent | None
    prm: FileContent | None
    psf: FileContent | None
    prm_name: str | None = None
    wavelength_nm: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class ExposureColumns:
    """What the columns of an imported row say of its exposure, beside the headers."""

    target: str | None = None
    instrument_mode: str | None = None
    date_obs_utc: dt.datetime | None = None
    ob_id: int | None = None


@dataclass(frozen=True)
class ExposureContent:
    """The files of one exposure, read.

    The first reduced cube describes the exposure; ``raw_file`` is the raw file's name by its
    header. ``failed`` are files that could not be read, ``companions`` its night log, catalogues
    and Raman images. Target and mode in ``columns`` count more than the headers', since an AOMUSE
    database let its users change them; its other values fill gaps.
    """

    archive_id: str | None
    raw_file: str | None
    reduced: tuple[FileContent, ...]
    raw: FileContent | None
    fits: tuple[FitContent, ...]
    failed: tuple[FoundFile, ...]
    issues: tuple[Issue, ...]
    companions: tuple[FileContent, ...] = ()
    columns: ExposureColumns = ExposureColumns()

    @property
    def files(self) -> tuple[FileContent, ...]:
        """All files that were read, reduced first."""
        raw = (self.raw,) if self.raw else ()
        analysis = (file for fit in self.fits for file in (fit.prm, fit.psf) if file)
        return (*self.reduced, *raw, *analysis, *self.companions)
