"""Facts about MUSE that several stages need."""

from __future__ import annotations

#: Pixel scales of MUSE's two fields, arcsec per pixel: of the cubes that the pipeline writes unless
#: asked for other pixels (muse_scipost, dx and dy), since PampelMuse counts in the cube's pixels.
#: ``ESO OCS IPS PIXSCALE`` is that of the instrument, and does not follow a resampled cube.
PIXEL_SCALE_ARCSEC = {"WFM": 0.2, "NFM": 0.025}


def pixel_scale_arcsec(instrument_mode: str | None) -> float | None:
    """Return the pixel scale of a mode, arcsec per pixel."""
    field = (instrument_mode or "")[:3]
    return PIXEL_SCALE_ARCSEC.get(field)
