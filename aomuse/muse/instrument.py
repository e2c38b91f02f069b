"""Facts about MUSE that several stages need."""

from __future__ import annotations

#: Pixel scales of MUSE's two fields, arcsec per pixel (MUSE User Manual, section 2).
PIXEL_SCALE_ARCSEC = {"WFM": 0.2, "NFM": 0.025}


def pixel_scale_arcsec(instrument_mode: str | None) -> float | None:
    """Return the pixel scale of a mode, arcsec per pixel."""
    field = (instrument_mode or "")[:3]
    return PIXEL_SCALE_ARCSEC.get(field)
