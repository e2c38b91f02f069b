"""The PSF stars of an exposure over the field, from the summaries that it has."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import PsfField, PsfFit

#: Half the field of MUSE in pixels: 1 arcmin at 0.2 arcsec, 7.5 arcsec at 0.025.
NOMINAL_AXIS_PIXEL = 150.0
#: A smaller cube is part of one, and its middle says nothing of the axis.
LEAST_SIZE_PIXEL = 200


def _first_number(text: str) -> str:
    """Return the SQL for the number before the first `` x ``, as in ``300 x 300 x 3681``."""
    return f"CAST(SUBSTR({text}, 1, INSTR({text}, ' x ') - 1) AS SIGNED)"


def _axis(size: str) -> str:
    return (
        f"CASE WHEN z.width >= {LEAST_SIZE_PIXEL} AND z.height >= {LEAST_SIZE_PIXEL}"
        f" THEN z.{size} / 2e0 ELSE {NOMINAL_AXIS_PIXEL}e0 END"
    )


def _star(alias: str, quantity: str) -> str:
    return (
        f"LEFT JOIN source_summary {alias} ON {alias}.psf_fit_id = s.psf_fit_id"
        f" AND {alias}.pampelmuse_id = s.pampelmuse_id"
        f" AND {alias}.wavelength_window_id = s.wavelength_window_id"
        f" AND {alias}.quantity = '{quantity}'"
    )


#: Column, and what is in it.
_COLUMNS = {
    "wavelength_window_id": "s.wavelength_window_id",
    "psf_fit_id": "s.psf_fit_id",
    "pampelmuse_id": "s.pampelmuse_id",
    "x_pixel": "x.median",
    "y_pixel": "y.median",
    "axis_x_pixel": _axis("width"),
    "axis_y_pixel": _axis("height"),
    "snr": "n.median",
    "layer_count": "s.sample_count",
    "fwhm_pixel": "s.median",
    "psf_fwhm_pixel": "p.median",
}
_INSERT = f"""
INSERT INTO psf_field ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS.values())}
FROM psf_fit f
JOIN source_summary s ON s.psf_fit_id = f.id AND s.quantity = 'fwhm' AND s.sample_count > 0
LEFT JOIN psf_parameter_summary p ON p.psf_fit_id = s.psf_fit_id AND p.parameter = 'fwhm'
  AND p.wavelength_window_id = s.wavelength_window_id
{_star("x", "xc")}
{_star("y", "yc")}
{_star("n", "snr")}
LEFT JOIN (
  SELECT g.id AS psf_fit_id, MAX({_first_number("h.dimensions")}) AS width,
         MAX({_first_number("SUBSTR(h.dimensions, INSTR(h.dimensions, ' x ') + 3)")}) AS height
  FROM psf_fit g
  JOIN header h ON h.source_file_id = g.reduced_file_id
  WHERE g.exposure_id = :exposure_id AND h.extension_name = 'DATA'
    AND h.dimensions LIKE '% x % x %' AND h.dimensions NOT LIKE '%?%'
  GROUP BY g.id
) z ON z.psf_fit_id = f.id
WHERE f.exposure_id = :exposure_id
"""  # noqa: S608 - own names


def store_field(connection: Connection, exposure_id: int) -> int:
    """Write the stars of an exposure that has none in psf_field; return the number of rows."""
    return connection.execute(sa.text(_INSERT), {"exposure_id": exposure_id}).rowcount


def renew_field(connection: Connection, exposure_id: int) -> int:
    """Write them again, from the summaries as they are now."""
    fits = sa.select(PsfFit.id).where(PsfFit.exposure_id == exposure_id)
    for fit in connection.scalars(fits).all():
        connection.execute(sa.delete(PsfField).where(PsfField.psf_fit_id == fit))
    return store_field(connection, exposure_id)
