"""The pixels of a cube by its header, against those that arcseconds are computed with."""

from __future__ import annotations

import math

from aomuse.exchange.content import FileContent, HduContent
from aomuse.muse.instrument import pixel_scale_arcsec
from aomuse.normalize.draft import Draft

#: Arcseconds in each unit of an axis on the sky.
_ARCSEC = {"deg": 3600.0, "arcmin": 60.0, "arcsec": 1.0, "mas": 1e-3, "rad": 180 * 3600 / math.pi}
#: Differences that distortions and rounding make.
_TOLERANCE = 0.02


def check_pixel_scale(draft: Draft, cube: FileContent) -> None:
    """Report a cube that was resampled to other pixels than the pipeline's."""
    mode = draft.out.exposure["instrument_mode"]
    usual = pixel_scale_arcsec(mode)
    own = next(filter(None, (_scale(hdu) for hdu in cube.hdus)), None)
    if usual is None or own is None or abs(own / usual - 1) <= _TOLERANCE:
        return
    message = (
        f"its pixels have {own:.4g} arcsec, and aomuse takes {usual:g} in {mode}: all that it "
        "gives in arcsec for analyses of this cube is wrong by that factor; multiply it, or "
        "analyse a cube with the usual pixels"
    )
    draft.issue("warning", "pixel_scale", message, cube)


def _scale(hdu: HduContent) -> float | None:
    """Return the size of a pixel along the first axis, arcsec, None if that is not on the sky."""
    values = hdu.values(("CTYPE1", "CUNIT1", "CD1_1", "CD2_1", "CDELT1"))
    if not str(values.get("CTYPE1")).startswith(("RA--", "DEC-")):
        return None
    unit = str(values.get("CUNIT1") or "deg").strip().lower()
    numbers = [values.get(keyword) for keyword in ("CD1_1", "CD2_1")]
    if not any(isinstance(number, float) for number in numbers):
        numbers = [values.get("CDELT1")]
    size = math.hypot(*(float(n) for n in numbers if isinstance(n, int | float)))
    return size * _ARCSEC[unit] if unit in _ARCSEC and size and math.isfinite(size) else None
