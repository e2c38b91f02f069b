"""Random numbers: a stream for each kind of content, so that none depends on others' draws."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What the numbers are for."""

    PLAN = 0
    WEATHER = 1
    TELEMETRY = 2
    HEADERS = 3
    CHANNELS = 4
    PSF = 5
    STARS = 6
    FITS = 7
    NIGHT_LOG = 8
    MAOPPY_FITS = 9
    GLITCHES = 10


def generator(seed: int, index: int, stream: Stream) -> np.random.Generator:
    """Return the generator of one stream of an exposure or night."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, index)))
