"""The wavelengths of a fit's layers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aomuse.exchange.content import FileContent, HduContent, card_value
from aomuse.exchange.issue import Issue

Floats = npt.NDArray[np.float64]

#: A cube of MUSE has 3,681 layers; a header that claims a thousand times as many is damaged.
MAX_LAYERS = 4_000_000


def wavelengths(prm: FileContent, issues: list[Issue]) -> Floats | None:
    """Return the wavelengths of a fit's layers from the SPECTRA image's header."""
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
    # Numbers beyond any wavelength give infinities, which are kept as the special values they are.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray((start + np.arange(int(count)) * step) * 10**9, dtype=np.float64)


def _number(hdu: HduContent, keyword: str) -> float | None:
    found = hdu.cards[hdu.cards["keyword"] == keyword]
    value = card_value(found.iloc[0]) if len(found) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def fit_wavelengths(wavelength_nm: Floats | None, layers: int) -> Floats:
    """Return the wavelengths of ``layers`` layers, NaN for those that are unknown."""
    result = np.full(layers, np.nan)
    if wavelength_nm is not None:
        known = min(layers, len(wavelength_nm))
        result[:known] = wavelength_nm[:known]
    return result
