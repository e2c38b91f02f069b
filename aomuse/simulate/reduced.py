"""The reduced cube of an exposure: a long header and few pixels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from aomuse.simulate.hdus import image, primary
from aomuse.simulate.header_values import header_values
from aomuse.simulate.headers import header_cards
from aomuse.simulate.observation import Observation
from aomuse.simulate.random_streams import Stream, generator

_SHAPE = (4, 2, 2)  # wavelength, y, x: enough to be a cube, too few to matter
_REDUCTION_DELAY = timedelta(days=3, hours=11)


def reduced(observation: Observation) -> Iterator[bytes]:
    """Write the HDUs of a reduced cube: PRIMARY, DATA and STAT."""
    seed, exposure = observation.seed, observation.exposure
    values = header_values(observation) | {"written": exposure.end + _REDUCTION_DELAY}

    def cards(name: str) -> list[str]:
        return header_cards(name, values, lambda: generator(seed, exposure.index, Stream.HEADERS))

    data = generator(seed, exposure.index, Stream.CHANNELS).normal(20.0, 3.0, _SHAPE)
    data[0, 0, 0] = np.nan
    yield primary(cards("reduced"))
    yield image("DATA", data.astype(np.float32), cards("data"))
    yield image("STAT", np.full(_SHAPE, 9.0, np.float32), cards("stat"))
