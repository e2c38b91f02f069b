"""The companions of an exposure: its night log, the catalogue of its stars, its Raman images."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import numpy as np

from aomuse.simulate.hdus import primary
from aomuse.simulate.headers import header_cards, read_template
from aomuse.simulate.observation import Observation
from aomuse.simulate.plan import Exposure
from aomuse.simulate.plan_values import plan_values
from aomuse.simulate.random_streams import Stream, generator
from aomuse.simulate.stars import Stars

#: Comments by condition, from the best to the worst; in an hour it moves by one at most.
_CONDITIONS = {
    "Photometric": ("", "no clouds"),
    "Clear": ("", "few clouds near the horizon in the south"),
    "ThinCirrus": ("thin clouds all over", "thin clouds, a third of the sky is free", ""),
    "ThickCirrus": ("thick clouds are coming from the west", ""),
}


def night_log(observation: Observation) -> bytes:
    """Write the night log of an exposure."""
    state, exposure = observation.state, observation.exposure
    values = plan_values(exposure) | {
        "weather": "\n".join(_weather(observation.seed, exposure)),
        "field": exposure.field_mode.lower(),
        "airmass": state.airmass[0],
        "dimm": state.seeing[0],
        # An editor would strip these at the end of a line.
        "blank": " ",
        "tab": "\t",
    }
    for name in ("seeing", "humidity", "wind_speed", "temperature"):
        series = getattr(state, name)
        values[name] = f"{series.min():.4g} - {series.max():.4g}"
    return read_template("night_log.txt").format_map(values).encode()


def _weather(seed: int, exposure: Exposure) -> Iterator[str]:
    """Yield the entries on the weather, the same for all exposures of a night."""
    rng = generator(seed, exposure.night, Stream.NIGHT_LOG)
    moment = datetime.combine(exposure.start.date(), time(22))
    if exposure.start.hour < 12:
        moment -= timedelta(days=1)
    dawn = moment + timedelta(hours=12)
    place = int(rng.integers(0, len(_CONDITIONS)))
    while moment < dawn:
        condition, comments = list(_CONDITIONS.items())[place]
        yield f"{moment:%H:%M}\t{condition}\t{rng.choice(np.array(comments))}"
        place = int(np.clip(place + rng.integers(-1, 2), 0, len(_CONDITIONS) - 1))
        moment += timedelta(minutes=int(rng.integers(40, 95)))


def catalog(exposure: Exposure, stars: Stars, psf_stars: int) -> bytes:
    """Write the catalogue that PampelMuse started from, as ECSV.

    A star without a colour has an empty cell. Other ones than PSF stars are called resolved.
    """
    rows = [read_template("detections.cat").replace("CUBE", f"{exposure.product_name}.fits")]
    bright = set(stars.brightest(psf_stars).tolist())
    for i, identifier in enumerate(stars.identifier):
        status = '"psf star"' if i in bright else "resolved"
        colour = '""' if i % 7 == 3 else repr(round(8000.0 / float(stars.temperature[i]), 4))
        rows.append(
            f"{identifier} {float(stars.ra[i])!r} {float(stars.dec[i])!r} {float(stars.x[i])!r}"
            f" {float(stars.y[i])!r} {np.float32(stars.magnitude[i])!s} {colour}"
            f" {i in bright} {status}\n"
        )
    return "".join(rows).encode()


def raman(observation: Observation) -> bytes:
    """Write the header of an exposure's Raman images: PRIMARY, without pixels."""
    seed, exposure = observation.seed, observation.exposure
    return primary(
        header_cards(
            "raman",
            plan_values(exposure),
            lambda: generator(seed, exposure.index, Stream.HEADERS),
        )
    )
