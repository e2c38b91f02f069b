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


#: By ESO's overview of MUSE: the side of the field, arcsec; the resolving power in the middle of
#: the range, of 1770 to 3590 and 1740 to 3450; the shortest and longest wavelength of modes, m.
FIELD_ARCSEC = {"WFM": 60.0, "NFM": 7.5}
RESOLVING_POWER = {"WFM": 2680.0, "NFM": 2595.0}
WAVELENGTHS_M = {"%-E": (465e-9, 930e-9), "%-N": (480e-9, 930e-9)}
