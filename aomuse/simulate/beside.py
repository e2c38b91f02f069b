"""What lies beside an exposure: its night log, the catalogue of its stars, its Raman images."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import numpy as np

from aomuse.simulate.cards import card
from aomuse.simulate.hdus import primary
from aomuse.simulate.observation import Observation
from aomuse.simulate.plan import Exposure, generator, iso
from aomuse.simulate.stars import Stars

#: Part of the random numbers that the weather of a night draws from.
_WEATHER = 8
_RULE = "-" * 51
#: Conditions from the best to the worst; from hour to hour they move by one at most.
_CONDITIONS = ("Photometric", "Clear", "ThinCirrus", "ThickCirrus")
_COMMENTS = {
    "Photometric": ("", "no clouds"),
    "Clear": ("", "few clouds near the horizon in the south"),
    "ThinCirrus": ("thin clouds all over", "thin clouds, a third of the sky is free", ""),
    "ThickCirrus": ("thick clouds are coming from the west", ""),
}
_MJD_EPOCH = datetime(1858, 11, 17)


def night_log(observation: Observation) -> Iterator[bytes]:
    """Write the night log of an exposure.

    Parameters
    ----------
    observation : Observation
        The exposure.

    Yields
    ------
    bytes
        The text, in pieces.
    """
    planned = observation.exposure
    state, slot = observation.state, planned.slot
    airmass = f"{float(state.airmass[0]):.3f}"
    mode = "NFM" if planned.narrow else "WFM"
    ranges = (
        ("Seeing", state.seeing, '"'),
        ("Humidity", state.humidity, " %"),
        ("Wind", state.wind_speed, " m/s"),
        ("Temperature", state.temperature, " C"),
    )
    lines = [
        "General weather conditions:",
        *(f"{f'{n}:':<17}{float(v.min()):.4g} - {float(v.max()):.4g}{u}" for n, v, u in ranges),
        "Overall comment: ",
        _RULE,
        "",
        "Weather observations:",
        "Time\tConditions\tComment",
        *_weather(observation.seed, planned),
        _RULE,
        "",
        _RULE,
        "",
        "General Comments:",
        _RULE,
        "",
        f"OB:         {planned.block_id}",
        "Instrument: MUSE",
        f"Name:       {slot.target.name}",
        f"Target:     {slot.target.name}",
        "Run:        60.A-9100(H)" if planned.narrow else "Run:        60.A-9100(G)",
        "Container:  0",
        _RULE,
        "",
        "Comments:",
        "No comments",
        _RULE,
        "",
        "Constraint       \tFulfilled\tRequested",
        f"Seeing:          \tyes\t\t{0.8 if planned.narrow else 1.3}",
        "Sky transparency:\tyes\t\tTHIN",
        "Airmass:         \tyes\t\t1.6",
        "Moon distance:   \tn/a\t\t30",
        "Grade:       \t \tA",
        _RULE,
        "",
        "Files produced and additional information",
        _RULE,
        f"OBS.ID: {planned.block_id}",
        f"OBS.START: {iso(planned.block_start)[:19]}",
        _RULE,
        _RULE,
        f"Template: MUSE_{mode.lower()}-ao_obs_genericoffset",
        "Data Product: SCIENCE/OBJECT/IFU",
        f"Mode: {slot.mode}",
        _RULE,
        "Original Filename\tArchive Filename\tTPL.EXPNO/NEXP\tEXPTIME\tAIRMASS\tDIMM\t",
        f"MUSE_{mode}-AO_OBS_{planned.number:04d}.fits\tMUSE.{iso(planned.start)}\t"
        f"{planned.number}/{planned.total}\t{slot.exptime}\t{airmass}\t"
        f"{float(state.seeing[0]):.2f}\t",
        _RULE,
    ]
    yield ("\n".join(lines) + "\n").encode()


def _weather(seed: int, planned: Exposure) -> list[str]:
    """Return the entries on the weather, the same for all exposures of a night."""
    rng = generator(seed, planned.night, _WEATHER)
    moment = datetime.combine(planned.start.date(), time(22))
    if planned.start.hour < 12:
        moment -= timedelta(days=1)
    dawn = moment + timedelta(hours=12)
    place = int(rng.integers(0, len(_CONDITIONS)))
    lines = []
    while moment < dawn:
        condition = _CONDITIONS[place]
        comment = str(rng.choice(np.array(_COMMENTS[condition])))
        lines.append(f"{moment:%H:%M}\t{condition}\t{comment}")
        place = int(np.clip(place + rng.integers(-1, 2), 0, len(_CONDITIONS) - 1))
        moment += timedelta(minutes=int(rng.integers(40, 95)))
    return lines


def catalog(planned: Exposure, field: Stars) -> Iterator[bytes]:
    """Write the catalogue that PampelMuse started from.

    Parameters
    ----------
    planned : Exposure
        The exposure.
    field : Stars
        The stars.

    Yields
    ------
    bytes
        ECSV, in pieces. A star without a colour has an empty cell.
    """
    columns = (
        "{name: id, datatype: int64, description: Number of the star}",
        "{name: ra, unit: deg, datatype: float64, format: .7f, description: Right ascension}",
        "{name: dec, unit: deg, datatype: float64, format: .7f, description: Declination}",
        "{name: x, unit: pix, datatype: float64, description: Position in the cube}",
        "{name: y, unit: pix, datatype: float64, description: Position in the cube}",
        "{name: f606w, unit: mag, datatype: float32, description: Magnitude in F606W}",
        "{name: colour, unit: mag, datatype: float64, description: F606W - F814W}",
        "{name: psf_star, datatype: bool, description: Whether the PSF is fitted to it}",
        "{name: status, datatype: string, description: How it is fitted}",
    )
    yield "\n".join(
        (
            "# %ECSV 1.0",
            "# ---",
            "# datatype:",
            *(f"# - {column}" for column in columns),
            "# meta: !!omap",
            f"# - {{cube: {planned.product_name}.fits}}",
            "# - {software: simulated}",
            "# schema: astropy-2.0",
            "id ra dec x y f606w colour psf_star status\n",
        )
    ).encode()
    faint = field.magnitude > np.median(field.magnitude) if len(field.x) else field.x > 0
    for i, identifier in enumerate(field.identifier):
        status = "resolved" if faint[i] else '"psf star"'
        colour = '""' if i % 7 == 3 else repr(round(8000.0 / float(field.temperature[i]), 4))
        yield (
            f"{identifier} {float(field.ra[i])!r} {float(field.dec[i])!r} {float(field.x[i])!r}"
            f" {float(field.y[i])!r} {np.float32(field.magnitude[i])!s} {colour}"
            f" {not faint[i]} {status}\n"
        ).encode()


def raman(observation: Observation) -> Iterator[bytes]:
    """Write the header of an exposure's Raman images.

    Parameters
    ----------
    observation : Observation
        An exposure with lasers.

    Yields
    ------
    bytes
        PRIMARY, without pixels.
    """
    planned = observation.exposure
    mjd = (planned.start - _MJD_EPOCH) / timedelta(days=1)
    yield primary(
        [
            card("DATE", iso(planned.end)[:19], "file written"),
            card("DATE-OBS", iso(planned.start), "start of the exposure, UTC"),
            card("MJD-OBS", round(mjd, 8), "start of the exposure"),
            card("EXPTIME", planned.slot.exptime, "[s] exposure time"),
            card("OBJECT", planned.slot.target.name, "target"),
            card("INSTRUME", "MUSE", "instrument"),
            card("ESO PRO CATG", "RAMAN_IMAGES", "kind of product"),
            card("ESO PRO TYPE", "REDUCED", "product"),
            card("ESO INS MODE", planned.slot.mode, "instrument mode"),
            card("ESO QC RAMAN SPATIAL XX", 0.013, "shape of the laser light in the field"),
            card("ESO QC RAMAN SPATIAL YY", -0.008, "shape of the laser light in the field"),
            card("ESO QC RAMAN FLUX", 1250.0 + planned.index, "flux of the Raman lines"),
        ]
    )
