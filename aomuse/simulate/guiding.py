"""SGS_DATA and AG_DATA of a raw file: slow guiding and the autoguider."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from aomuse.simulate import sky
from aomuse.simulate.conditions import Conditions
from aomuse.simulate.hdus import SimulatedColumn
from aomuse.simulate.wide_field import slow_guiding_width


def slow_guiding(state: Conditions, rng: np.random.Generator) -> list[SimulatedColumn]:
    """Make the columns of SGS_DATA, a row every 18 seconds.

    A lost image has NaN, TNULL and an empty vector.
    """
    n = max(int(state.exposure.slot.exptime // 18), 1)
    days = sky.mjd(state.exposure.start) + 18.0 / 86400.0 * np.arange(n)
    flux = rng.normal(1.26e5, 3e3, n)
    width = slow_guiding_width(state) * rng.normal(1.0, 0.06, n)
    lost = rng.random(n) < 0.06
    flux[lost] = width[lost] = np.nan
    objects = np.where(lost[:, None], np.nan, flux[:, None] / 2.0 ** np.arange(1, 9))
    return [
        SimulatedColumn("MJD", "D", days, "d"),
        SimulatedColumn("FLUX", "D", flux, "adu"),
        SimulatedColumn("FWHM", "E", width, "arcsec"),
        SimulatedColumn("OFFSET_RA", "E", rng.normal(0.0, 0.02, n), "arcsec"),
        SimulatedColumn("OFFSET_DEC", "E", rng.normal(0.0, 0.02, n), "arcsec"),
        SimulatedColumn("NOBJ", "J", np.where(lost, -1, rng.integers(5, 9, n)), null=-1),
        SimulatedColumn("STATUS", "8A", np.where(lost, "LOST", "TRACKING")),
        SimulatedColumn("LOOP", "L", ~lost),
        SimulatedColumn("OBJ_FLUX", "8E", objects, "adu"),
    ]


def autoguider(state: Conditions, rng: np.random.Generator) -> list[SimulatedColumn]:
    """Make the columns of AG_DATA, a row every 30 seconds.

    Frames without a star have NaN and TNULL.
    """
    n = max(int(state.exposure.slot.exptime // 30), 1)
    times = [state.exposure.start + timedelta(seconds=30 * i) for i in range(n)]
    width = float(state.seeing_on_target.mean()) * rng.normal(0.9, 0.05, (2, n))
    error = rng.normal(0.0, 0.05, (n, 2))
    missed = rng.random(n) < 0.05
    width[:, missed] = error[missed] = np.nan
    return [
        SimulatedColumn(
            "TIME_STAMP", "26A", [time.isoformat(timespec="microseconds") for time in times]
        ),
        SimulatedColumn("FWHMX", "D", width[0], "arcsec"),
        SimulatedColumn("FWHMY", "D", width[1], "arcsec"),
        SimulatedColumn(
            "COUNTS", "K", np.where(missed, -99, rng.normal(4e4, 2e3, n).astype(int)), null=-99
        ),
        SimulatedColumn("FRAMES", "I", rng.integers(8, 12, n)),
        SimulatedColumn("GUIDING", "L", ~missed),
        SimulatedColumn("ERROR", "2D", error, "arcsec"),
        SimulatedColumn("STAR", "12A", np.full(n, "GS 1" if state.exposure.index % 2 else "GS 2")),
    ]
