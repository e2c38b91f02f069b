"""One PampelMuse analysis: its files, its wavelengths and the parameters of its PSF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.exchange.cards import first_values
from aomuse.exchange.content import FileContent, FitContent, TableContent
from aomuse.exchange.files import ImportedBlob
from aomuse.exchange.issue import Issue
from aomuse.muse.keywords import plain_keyword
from aomuse.muse.psf_models import PROFILE_KEYWORD
from aomuse.normalize.spectral_axis import read_wavelengths

Floats = npt.NDArray[np.float64]

#: Extension of a PSF star's table, by its id.
SOURCE_NAME = re.compile(r"^PM_(\d+)$", re.ASCII)
#: The largest id of 64 bits, as the database has them.
MAX_ID = 2**63 - 1
#: What to do about a file that is incomplete.
ADVICE = "run PampelMuse again, or give the file that belongs here"
#: Length of psf_parameter.parameter.
_MAX_NAME = 64
#: Length of psf_fit.model, with room for a number behind it.
_MAX_MODEL = 56


@dataclass(frozen=True)
class Parameters:
    """The parameters of one table: names by row, and arrays of shape ``(parameters, layers)``.

    The arrays are called as their columns: polyfit always, fit where it is usable.
    """

    names: list[str]
    values: dict[str, Floats]

    @property
    def layers(self) -> int:
        """Number of layers."""
        return int(self.values["polyfit"].shape[1])


@dataclass
class Fit:
    """One analysis, with what its parameter file says.

    ``number`` is its local number, ``wavelength_nm`` comes from SPECTRA. ``psfpars`` has the
    parameters of the PSF, or what is unusual about their table; None without one. ``issues`` say
    what is wrong with SPECTRA and PSFPARS.
    """

    number: int
    content: FitContent
    wavelength_nm: Floats | None
    psfpars: Parameters | str | None
    issues: list[Issue]

    @property
    def parameters(self) -> Parameters | None:
        """The parameters of the PSF, if there are any."""
        found = self.psfpars
        return found if isinstance(found, Parameters) and found.names else None

    def profile(self) -> str | None:
        """Return the PSF model by PampelMuse's configuration."""
        value = self.configured(PROFILE_KEYWORD)
        return value.lower() if value and len(value) <= _MAX_MODEL else None

    def configured(self, keyword: str) -> str | None:
        """Return a text of the configuration that PampelMuse writes into its primary headers."""
        for file in (self.content.prm, self.content.psf):
            primary = file.hdu("PRIMARY") if file else None
            if primary is None:
                continue
            # PampelMuse writes its keywords in small letters.
            cards = (row for row in primary.card_rows if plain_keyword(row[1]) == keyword)
            value = next(iter(first_values(cards).values()), None)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None

    def source_layers(self) -> set[int]:
        """Return the numbers of rows that the source tables have."""
        hdus = self.content.psf.hdus if self.content.psf else ()
        return {hdu.table.row_count for hdu in hdus if hdu.table and SOURCE_NAME.match(hdu.key)}

    def layer_count(self) -> int | None:
        """Return the largest number of layers that its files have."""
        counts = self.source_layers()
        if self.wavelength_nm is not None:
            counts.add(len(self.wavelength_nm))
        if self.parameters:
            counts.add(self.parameters.layers)
        return max(counts, default=None)

    def wavelengths(self, layers: int) -> Floats:
        """Return the wavelengths of ``layers`` layers, nm, NaN for those that are unknown."""
        result = np.full(layers, np.nan)
        if self.wavelength_nm is not None:
            known = min(layers, len(self.wavelength_nm))
            result[:known] = self.wavelength_nm[:known]
        return result


def source_id(key: str) -> int | None:
    """Return the id that a table is called after, None if its name is not PM_ and such a number."""
    match = SOURCE_NAME.match(key)
    digits = match[1] if match else ""
    # A longer text is not worth turning into a number.
    if not digits or len(digits) > len(str(MAX_ID)):
        return None
    number = int(digits)
    return number if number <= MAX_ID and str(number) == digits else None


def read_fit(number: int, content: FitContent) -> Fit:
    """Return an analysis with its SPECTRA and PSFPARS."""
    fit = Fit(number, content, content.wavelength_nm, None, [])
    prm = content.prm
    if prm is None:
        return fit
    if fit.wavelength_nm is None and not isinstance(prm.found, ImportedBlob):
        fit.wavelength_nm = _spectra(prm, fit.issues)
    hdu = prm.hdu("PSFPARS")
    table = hdu.table if hdu else None
    if table is not None:
        fit.psfpars = read_parameters(table)
    if table is None:
        code, message = "psfpars_missing", f"the file has no table PSFPARS: {ADVICE}"
    elif table.row_count == 0:
        code, message = "psfpars_empty", "the table has no rows: run PampelMuse's PSF fit again"
    elif isinstance(fit.psfpars, str):
        code = "psfpars_columns"
        message = f"{fit.psfpars}: its columns are in table_value, and psf_parameter has no rows"
    else:
        return fit
    fit.issues.append(Issue("error", code, message, prm.path, "PSFPARS"))
    return fit


def read_parameters(table: TableContent) -> Parameters | str:
    """Return the parameters of a table, or what is unusual about it."""
    name_place, value_place = table.index("name"), table.index("polyfit")
    if name_place is None or value_place is None:
        return "the table has no columns name and polyfit"
    column = table.values[name_place]
    if column.dtype.kind != "U" or column.ndim != 1:
        return "the column name does not hold one string a row"
    names = [str(name).rstrip() for name in column]
    if len(set(names)) < len(names):
        return "a parameter's name occurs twice"
    if any(not name or len(name) > _MAX_NAME for name in names):
        return f"a parameter's name is empty or longer than {_MAX_NAME}"
    values = _by_layer(table, value_place)
    if values is None:
        return "the column polyfit does not hold one number a layer"
    result = {"polyfit": values}
    fit_place = table.index("fit")
    fitted = None if fit_place is None else _by_layer(table, fit_place)
    if fitted is not None and fitted.shape == values.shape:
        result["fit"] = fitted
    return Parameters(names, result)


def _by_layer(table: TableContent, place: int) -> Floats | None:
    values: npt.NDArray[Any] = table.values[place]
    if not is_exact(values) or values.ndim not in (1, 2) or table.nulls[place] is not None:
        return None
    return values.astype(np.float64).reshape(
        len(values), values.shape[1] if values.ndim == 2 else 1
    )


def is_exact(values: npt.NDArray[Any]) -> bool:
    """Return whether a double holds every value of an array's type."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    return (kind == "f" and size <= 8) or (kind == "i" and size <= 4)


def _spectra(prm: FileContent, issues: list[Issue]) -> Floats | None:
    """Return the wavelengths of the layers from the header of the SPECTRA image, nm."""
    hdu = prm.hdu("SPECTRA")
    unknown = "the wavelengths of the layers are NULL; correct it, or run PampelMuse again"
    if hdu is None:
        message = f"the file has no HDU SPECTRA: {unknown}"
        issues.append(Issue("error", "spectra_missing", message, prm.path))
        return None
    found = read_wavelengths(hdu)
    if isinstance(found, str):
        issues.append(Issue("error", "spectra_axis", f"{found}: {unknown}", prm.path, "SPECTRA"))
        return None
    return found
