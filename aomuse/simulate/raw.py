"""The raw file of an exposure: 24 detectors, telemetry and acquisition images."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from aomuse.simulate.cards import card, header
from aomuse.simulate.glitches import with_glitches
from aomuse.simulate.hdus import compressed_image, primary, table
from aomuse.simulate.header_values import header_values
from aomuse.simulate.headers import header_cards
from aomuse.simulate.observation import Observation
from aomuse.simulate.plan_values import channel_values
from aomuse.simulate.random_streams import Stream, generator

_DETECTOR = (16, 16)  # pixels stand in for the 4240 x 4224 of a real detector
_ACQUISITION = (24, 24)
_FRAMES = (5, 16, 16)


def raw(observation: Observation, *, clean: bool = False) -> Iterator[bytes]:
    """Write the HDUs of a raw file.

    They are PRIMARY, CHAN01 to CHAN24 in the order in which the controllers delivered them, and
    the tables and images that the mode has. A few samples of the lasers went wrong, unless it is
    clean; what the header says of them is right in any case.
    """
    seed, exposure = observation.seed, observation.exposure
    values = header_values(observation) | {"written": exposure.end + timedelta(seconds=70)}
    rng = generator(seed, exposure.index, Stream.CHANNELS)
    yield primary(
        header_cards("raw", values, lambda: generator(seed, exposure.index, Stream.HEADERS))
    )
    tile_cards, tiles = compressed_image(rng.normal(1210.0, 4.0, _DETECTOR).astype(np.int16))
    for channel in _delivery(rng):
        cards = header_cards("channel", values | channel_values(channel), lambda: rng)
        yield header([tile_cards, *cards]) + tiles
    for name, columns in observation.tables.items():
        if name == "SPARTA_ATM_DATA" and not clean:
            glitches = generator(seed, exposure.index, Stream.GLITCHES)
            yield table(name, with_glitches(columns, glitches))
        else:
            yield table(name, columns)
        if name == "ASM_DATA" and exposure.adaptive:
            yield _picture("SPARTA_TT_ACQ_IMG", rng.normal(900.0, 12.0, _ACQUISITION))
    if exposure.adaptive:
        yield _picture("SPARTA_TT_CUBE", rng.normal(300.0, 9.0, _FRAMES))


def _delivery(rng: np.random.Generator) -> list[int]:
    """Shuffle the channels as they arrive: by controller, the last chip of each first."""
    order: list[int] = []
    for controller in rng.permutation(4):
        chips = [6 * int(controller) + i for i in range(6, 0, -1)]
        first = int(rng.integers(6))
        order += chips[first:] + chips[:first]
    return order


def _picture(name: str, pixels: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bytes:
    cards, tiles = compressed_image(pixels.astype(np.float32))
    return header([cards, card("EXTNAME", name, "name of this extension")]) + tiles
