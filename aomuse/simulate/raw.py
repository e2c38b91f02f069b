"""The raw file of an exposure: 24 detectors, telemetry and acquisition images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aomuse.simulate.cards import card, commentary, header
from aomuse.simulate.hdus import compressed_image, primary, table
from aomuse.simulate.headers import raw_header
from aomuse.simulate.keywords import expand
from aomuse.simulate.keywords.detector import CONTROLLERS, chip
from aomuse.simulate.observation import CHANNELS, Observation
from aomuse.simulate.plan import generator, iso
from aomuse.simulate.sky import mjd

_DETECTOR = (16, 16)  # pixels stand in for the 4240 x 4224 of a real detector
_ACQUISITION = (24, 24)
_FRAMES = (5, 16, 16)


def raw(observation: Observation) -> Iterator[bytes]:
    """Write the HDUs of a raw file.

    Parameters
    ----------
    observation : Observation
        The exposure.

    Yields
    ------
    bytes
        PRIMARY, CHAN01 to CHAN24 in the order in which the controllers delivered them, and the
        tables and images that the mode has.
    """
    exposure = observation.exposure
    rng = generator(observation.seed, exposure.index, CHANNELS)
    yield primary(raw_header(observation))
    pixels = rng.normal(1210.0, 4.0, _DETECTOR).astype(np.int16)
    tile_cards, tiles = compressed_image(pixels)
    for channel in _delivery(rng):
        yield header([tile_cards, *_channel_cards(observation, channel, rng)]) + tiles
    for name, columns in observation.tables.items():
        yield table(name, columns)
        if name == "ASM_DATA" and exposure.adaptive:
            yield _picture("SPARTA_TT_ACQ_IMG", rng.normal(900.0, 12.0, _ACQUISITION))
    if exposure.adaptive:
        yield _picture("SPARTA_TT_CUBE", rng.normal(300.0, 9.0, _FRAMES))


def _delivery(rng: np.random.Generator) -> list[int]:
    """Shuffle the channels as they arrive: by controller, the last chip of each first."""
    order: list[int] = []
    for controller in rng.permutation(len(CONTROLLERS)):
        chips = [6 * int(controller) + i for i in range(6, 0, -1)]
        first = int(rng.integers(6))
        order += chips[first:] + chips[:first]
    return order


def _channel_cards(observation: Observation, channel: int, rng: np.random.Generator) -> list[str]:
    exposure = observation.exposure
    target = exposure.slot.target
    scale = exposure.pixel / 3600.0
    return [
        card("EXTNAME", f"CHAN{channel:02d}", "name of this extension"),
        card("INHERIT", True, "T when the primary header applies too"),
        card("DATE", iso(exposure.end)[:19], "readout finished, UTC"),
        card("EXPTIME", exposure.slot.exptime, "[s] exposure time"),
        card("MJD-OBS", mjd(exposure.start), "start of the exposure"),
        card("CRPIX1", 2112.5, "[pix] reference"),
        card("CRPIX2", 2120.5, "[pix] reference"),
        card("CRVAL1", round(target.ra, 6), "[deg] right ascension of the reference"),
        card("CRVAL2", round(target.dec, 5), "[deg] declination of the reference"),
        card("CTYPE1", "RA---TAN", "tangential projection"),
        card("CTYPE2", "DEC--TAN", "tangential projection"),
        card("CUNIT1", "deg", "unit"),
        card("CUNIT2", "deg", "unit"),
        card("CD1_1", -scale, "[deg] a pixel"),
        card("CD1_2", 0.0, "[deg] a pixel"),
        card("CD2_1", 0.0, "[deg] a pixel"),
        card("CD2_2", scale, "[deg] a pixel"),
        commentary("COMMENT", f"read out by controller {(channel - 1) // 6 + 1}"),
        *expand(chip(channel), {}, rng),
    ]


def _picture(name: str, pixels: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bytes:
    cards, tiles = compressed_image(pixels.astype(np.float32))
    return header([cards, card("EXTNAME", name, "name of this extension")]) + tiles
