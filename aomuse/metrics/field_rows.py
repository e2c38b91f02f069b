"""The PSF stars of an exposure over the field, from the summaries that it has."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import Header, PsfField, PsfFit

#: Half the field of MUSE in pixels: 1 arcmin at 0.2 arcsec, 7.5 arcsec at 0.025.
NOMINAL_AXIS_PIXEL = 150.0
#: A smaller cube is part of one, and its middle says nothing of the axis.
LEAST_SIZE_PIXEL = 200
#: Width and height of a cube; what a damaged header says need not be a number that there can be.
_SIZE = re.compile(r"([0-9]{1,9}) x ([0-9]{1,9}) x [^?]+")


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
    "axis_x_pixel": ":axis_x",
    "axis_y_pixel": ":axis_y",
    "snr": "n.median",
    "layer_count": "s.sample_count",
    "fwhm_pixel": "s.median",
    "psf_fwhm_pixel": "p.median",
}
_INSERT = sa.text(f"""
INSERT INTO psf_field ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS.values())}
FROM source_summary s
LEFT JOIN psf_parameter_summary p ON p.psf_fit_id = s.psf_fit_id AND p.parameter = 'fwhm'
  AND p.wavelength_window_id = s.wavelength_window_id
{_star("x", "xc")}
{_star("y", "yc")}
{_star("n", "snr")}
WHERE s.psf_fit_id = :fit AND s.quantity = 'fwhm' AND s.sample_count > 0
""")  # noqa: S608 - own names


def store_field(connection: Connection, exposure_id: int) -> int:
    """Write the stars of an exposure that has none in psf_field; return the number of rows."""
    cube = (Header.source_file_id == PsfFit.reduced_file_id, Header.extension_name == "DATA")
    found = connection.execute(
        sa.select(PsfFit.id, Header.dimensions)
        .outerjoin(Header, sa.and_(*cube))
        .where(PsfFit.exposure_id == exposure_id)
    ).all()
    row_count = 0
    for fit in dict.fromkeys(row.id for row in found):
        axis_x, axis_y = _axis(row.dimensions or "" for row in found if row.id == fit)
        values = {"fit": fit, "axis_x": axis_x, "axis_y": axis_y}
        row_count += connection.execute(_INSERT, values).rowcount
    return row_count


def _axis(dimensions: Iterable[str]) -> tuple[float, float]:
    """Return the middle of a cube in pixels, given the size of each of its images DATA."""
    sizes = [(int(size[1]), int(size[2])) for size in map(_SIZE.fullmatch, dimensions) if size]
    width, height = (max(numbers) for numbers in zip(*sizes, strict=True)) if sizes else (0, 0)
    if min(width, height) < LEAST_SIZE_PIXEL:
        return NOMINAL_AXIS_PIXEL, NOMINAL_AXIS_PIXEL
    return width / 2, height / 2


def renew_field(connection: Connection, exposure_id: int) -> None:
    """Write them again, from the summaries as they are now."""
    fits = sa.select(PsfFit.id).where(PsfFit.exposure_id == exposure_id)
    for fit in connection.scalars(fits).all():
        connection.execute(sa.delete(PsfField).where(PsfField.psf_fit_id == fit))
    store_field(connection, exposure_id)
