"""The nouns of reading: exposures and files as content, their HDUs, cards and columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.cards import COLUMNS, CardRow, first_values
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


def cards_frame(rows: Sequence[CardRow]) -> pd.DataFrame:
    """Return rows of cards as a frame with the columns' types."""
    columns = card_columns(rows)
    texts = {n: pd.Series(v, dtype=object) for n, v in columns.items() if v.dtype == object}
    return pd.DataFrame(columns | texts)


def card_columns(rows: Sequence[CardRow]) -> dict[str, Any]:
    """Return rows of cards as arrays."""
    columns: list[list[Any]] = (
        [list(c) for c in zip(*rows, strict=True)] if rows else [[] for _ in COLUMNS]
    )
    position, keyword, comment, value_type, value_int, value_float, value_text = columns
    return {
        "position": np.array(position, dtype=np.int32),
        "keyword": np.array(keyword, dtype=object),
        "comment": np.array(comment, dtype=object),
        "value_type": np.array(value_type, dtype=object),
        "value_int": pd.array(value_int, dtype="Int64"),
        "value_float": np.array(value_float, dtype=np.float64),
        "value_text": np.array(value_text, dtype=object),
    }


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
    own bytes up to and without END, None for imported JSON.
    """

    index: int
    name: str
    type: HduType
    dimensions: str
    card_images: bytes | None
    card_count: int
    card_rows: list[CardRow]
    table: TableContent | None = None

    @cached_property
    def cards(self) -> pd.DataFrame:
        """The cards as a frame, with a column for each field of their rows."""
        return cards_frame(self.card_rows)

    def values(self, keywords: Collection[str]) -> dict[str, Any]:
        """Return the value of the first card with each keyword; None if undefined or unparsed."""
        return first_values(row for row in self.card_rows if row[1] in keywords)

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
        return self.hdus[hdu].values((keyword,)).get(keyword)


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
