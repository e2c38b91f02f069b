"""PampelMuse's parameter file: wavelengths of the layers, and the PSF's parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.content import FileContent, HduContent, TableContent, card_value
from aomuse.issue import Issue
from aomuse.normalize.column_store import store_columns
from aomuse.normalize.frames import COLUMN_STORE, Layout, NormalizedExposure
from aomuse.normalize.summary import window_frames

Floats = npt.NDArray[np.float64]

#: Length of psf_parameter.parameter.
_MAX_NAME = 64
#: A cube of MUSE has 3,681 layers; a header that claims a thousand times as many is damaged.
MAX_LAYERS = 4_000_000
#: The names that tell a Moffat fit.
_MOFFAT = {"beta", "fwhm"}


def wavelengths(prm: FileContent, issues: list[Issue]) -> Floats | None:
    """Return the wavelengths of a fit's layers from the SPECTRA image's header.

    Parameters
    ----------
    prm : FileContent
        The parameter file.
    issues : list of Issue
        Gets an issue where the header does not tell them.

    Returns
    -------
    array of float or None
        Shape ``(layers,)``, nm: ``(CRVAL3 + layer CDELT3) 10**9``, in the order of operations of
        AOMUSE 2020, so that the doubles are the same.
    """
    hdu = prm.hdu("SPECTRA")
    if hdu is None:
        issues.append(
            Issue(
                "error",
                "spectra_missing",
                "the file has no HDU SPECTRA, so the wavelengths of "
                "its layers are unknown: run PampelMuse again",
                prm.path,
            )
        )
        return None
    start, step, count = (_number(hdu, k) for k in ("CRVAL3", "CDELT3", "NAXIS3"))
    if start is None or step is None or count is None or not 0 <= count <= MAX_LAYERS:
        issues.append(
            Issue(
                "error",
                "spectra_axis",
                "the header lacks a number CRVAL3, CDELT3 or NAXIS3, so "
                "the wavelengths of the layers are unknown: run PampelMuse again",
                prm.path,
                "SPECTRA",
            )
        )
        return None
    return np.asarray((start + np.arange(int(count)) * step) * 10**9, dtype=np.float64)


def _number(hdu: HduContent, keyword: str) -> float | int | None:
    found = hdu.cards[hdu.cards["keyword"] == keyword]
    value = card_value(found.iloc[0]) if len(found) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def parameter_table(prm: FileContent, issues: list[Issue]) -> tuple[list[str], Floats] | None:
    """Return the PSF's parameters, if PSFPARS has its usual shape.

    Parameters
    ----------
    prm : FileContent
        The parameter file.
    issues : list of Issue
        Gets an issue where it has not.

    Returns
    -------
    (names, values) or None
        Names of the parameters, and their values of shape ``(parameters, layers)``.
    """

    def problem(code: str, message: str) -> None:
        issues.append(Issue("error", code, message, prm.path, "PSFPARS"))

    hdu = prm.hdu("PSFPARS")
    if hdu is None or hdu.table is None:
        problem(
            "psfpars_missing",
            "the file has no table PSFPARS: run PampelMuse again, or give "
            "the file that belongs here",
        )
        return None
    places = hdu.table.index("name"), hdu.table.index("polyfit")
    if None in places:
        problem(
            "psfpars_columns",
            "the table has no columns name and polyfit: its columns are in "
            "table_value, and there are no rows in psf_parameter",
        )
        return None
    if hdu.table.row_count == 0:
        problem("psfpars_empty", "the table has no rows: run PampelMuse's PSF fit again")
        return None
    names, values = (hdu.table.values[place] for place in places if place is not None)
    why = _unusual(names, values)
    if why:
        problem(
            "psfpars_columns",
            f"{why}: the columns are in table_value, and there are no rows in psf_parameter",
        )
        return None
    return [str(name) for name in names], values.astype(np.float64).reshape(len(names), -1)


def _unusual(names: npt.NDArray[Any], values: npt.NDArray[Any]) -> str | None:
    if names.dtype.kind != "U" or names.ndim != 1:
        return "the column name does not hold one string a row"
    if values.dtype.kind not in "fi" or values.dtype.itemsize > 8 or values.ndim not in (1, 2):
        return "the column polyfit does not hold one number a layer"
    if values.dtype.kind == "i" and values.dtype.itemsize > 4:
        return "the column polyfit holds 64-bit integers"
    if len(set(names.tolist())) < len(names):
        return "a parameter's name occurs twice"
    if any(not name or len(name) > _MAX_NAME for name in names.tolist()):
        return f"a parameter's name is empty or longer than {_MAX_NAME}"
    return None


def psfpars_layout(table: TableContent, *, typed: bool) -> Layout:
    """Return the layout of PSFPARS; polyfit has a typed home if ``typed``.

    The names stay in the column store beside it, for they tell the order of the rows.
    """
    stored_in = [COLUMN_STORE] * len(table.formats)
    place = table.index("polyfit")
    if typed and place is not None:
        stored_in[place] = "psf_parameter.value"
    return Layout("PSFPARS", table.formats, tuple(stored_in))


def model_of(names: list[str] | None) -> str:
    """Return the PSF model that the parameters' names tell."""
    return "moffat" if names and set(names) >= _MOFFAT else "unknown"


def normalize_parameters(
    out: NormalizedExposure,
    fit: int,
    header: int,
    table: TableContent,
    parameters: tuple[list[str], Floats] | None,
    wavelength_nm: Floats | None,
) -> Layout:
    """Add the rows of PSFPARS and their summaries, and return the table's layout.

    Parameters
    ----------
    out : NormalizedExposure
        Gets the frames.
    fit, header : int
        Local numbers of the fit and of the HDU.
    table : TableContent
        PSFPARS.
    parameters : (names, values) or None
        The parameters, None if the table is unusual.
    wavelength_nm : array of float or None
        Wavelengths of the layers.

    Returns
    -------
    Layout
        The layout.
    """
    layout = psfpars_layout(table, typed=parameters is not None)
    store_columns(out, header, table, layout)
    if parameters is None:
        return layout
    names, values = parameters
    count, layers = values.shape
    out.add(
        "psf_parameter",
        pd.DataFrame(
            {
                "fit": fit,
                "parameter": np.repeat(np.array(names, dtype=object), layers),
                "layer": np.tile(np.arange(layers, dtype=np.int32), count),
                "value": values.reshape(-1),
            }
        ),
    )
    keys = pd.DataFrame({"fit": fit, "parameter": pd.Series(names, dtype=object)})
    known = fit_wavelengths(wavelength_nm, layers)
    for frame in window_frames(keys, values, known):
        out.add("psf_parameter_summary", frame)
    return layout


def fit_wavelengths(wavelength_nm: Floats | None, layers: int) -> Floats:
    """Return the wavelengths of ``layers`` layers, NaN for those that are unknown."""
    result = np.full(layers, np.nan)
    if wavelength_nm is not None:
        known = min(layers, len(wavelength_nm))
        result[:known] = wavelength_nm[:known]
    return result
