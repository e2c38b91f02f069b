"""The reduced cube of an exposure: a long header and few pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aomuse.simulate.cards import card
from aomuse.simulate.hdus import image, primary
from aomuse.simulate.headers import reduced_header
from aomuse.simulate.observation import CHANNELS, Observation
from aomuse.simulate.plan import generator
from aomuse.simulate.psf import FIRST_WAVELENGTH

_SHAPE = (4, 2, 2)  # wavelength, y, x: enough to be a cube, too few to matter
_SPAN = 4.6e-7  # metres that the layers cover


def reduced(observation: Observation) -> Iterator[bytes]:
    """Write the HDUs of a reduced cube.

    Parameters
    ----------
    observation : Observation
        The exposure.

    Yields
    ------
    bytes
        PRIMARY, DATA and STAT.
    """
    exposure = observation.exposure
    rng = generator(observation.seed, exposure.index, CHANNELS)
    data = rng.normal(20.0, 3.0, _SHAPE).astype(np.float32)
    data[0, 0, 0] = np.nan
    yield primary(reduced_header(observation))
    yield image("DATA", data, _cube_cards(observation, "DATA", "10**(-20)*erg/s/cm**2/Angstrom"))
    variance = np.full(_SHAPE, 9.0, np.float32)
    unit = "(10**(-20)*erg/s/cm**2/Angstrom)**2"
    yield image("STAT", variance, _cube_cards(observation, "STAT", unit))


def _cube_cards(observation: Observation, kind: str, unit: str) -> list[str]:
    target = observation.exposure.slot.target
    scale = observation.exposure.pixel / 3600.0
    partner = (
        card("ERRDATA", "STAT", "extension with the variance")
        if kind == "DATA"
        else card("SCIDATA", "DATA", "extension with the values")
    )
    return [
        card("HDUCLASS", "ESO", "conventions of this extension"),
        card("HDUDOC", "DICD", "their document"),
        card("HDUVERS", "DICD version 6", "its version"),
        card("HDUCLAS1", "IMAGE", "an image"),
        card("HDUCLAS2", "DATA" if kind == "DATA" else "ERROR", "what it holds"),
        *([] if kind == "DATA" else [card("HDUCLAS3", "MSE", "variance")]),
        partner,
        card("OBJECT", f"{target.name} ({kind})", "target"),
        card("BUNIT", unit),
        card("CRPIX1", 1.5, "[pix] reference"),
        card("CRPIX2", 1.5, "[pix] reference"),
        card("CD1_1", -scale, "[deg] a pixel"),
        card("CD1_2", 0.0, "[deg] a pixel"),
        card("CD2_1", 0.0, "[deg] a pixel"),
        card("CD2_2", scale, "[deg] a pixel"),
        card("CUNIT1", "deg", "unit"),
        card("CUNIT2", "deg", "unit"),
        card("CTYPE1", "RA---TAN", "tangential projection"),
        card("CTYPE2", "DEC--TAN", "tangential projection"),
        card("CRVAL1", round(target.ra, 6), "[deg] right ascension of the reference"),
        card("CRVAL2", round(target.dec, 5), "[deg] declination of the reference"),
        card("CTYPE3", "AWAV", "wavelength in air"),
        card("CUNIT3", "Angstrom", "unit"),
        card("CD3_3", _SPAN * 1e10 / _SHAPE[0], "[Angstrom] a layer"),
        card("CRPIX3", 1.0, "[pix] reference"),
        card("CRVAL3", FIRST_WAVELENGTH * 1e10, "[Angstrom] wavelength of the reference"),
        *(card(f"CD{a}_{b}", 0.0) for a, b in ((1, 3), (2, 3), (3, 1), (3, 2))),
    ]
