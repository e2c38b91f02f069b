"""Primary headers of raw and reduced files, group by group in the observatory's order."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from aomuse.simulate import sky
from aomuse.simulate.cards import card, commentary
from aomuse.simulate.facts import facts
from aomuse.simulate.keywords import Row, expand
from aomuse.simulate.keywords.detector import DETECTOR, GUIDE_CAMERA, chip
from aomuse.simulate.keywords.galacsi import MODULE, REAL_TIME, REAL_TIME_DETAIL
from aomuse.simulate.keywords.instrument import INSTRUMENT, LASER_MODES
from aomuse.simulate.keywords.lasers import LASERS
from aomuse.simulate.keywords.observation import ADAPTER, GUIDING, OBSERVATION, SEQUENCE
from aomuse.simulate.keywords.products import PIPELINE, QUALITY, RAW
from aomuse.simulate.observation import HEADERS, Observation
from aomuse.simulate.plan import generator, iso

_REDUCTION_DELAY = timedelta(days=3, hours=11)

# The keywords of the module sort among those of the instrument.
_INSTRUMENT: list[Row] = sorted(MODULE + INSTRUMENT, key=lambda row: row[0]) + LASER_MODES

_STANDARD = (
    "FITS: Flexible Image Transport System; Pence et al. 2010, A&A 524, A42",
    "Synthetic exposure, drawn from a model of sky and instrument",
)


def raw_header(observation: Observation) -> list[str]:
    """Write the primary header of a raw file.

    Parameters
    ----------
    observation : Observation
        The exposure.

    Returns
    -------
    list of str
        Cards after the mandatory ones, about 1,800 with adaptive optics.
    """
    exposure = observation.exposure
    kind = f"MUSE_{exposure.slot.mode.rsplit('-', 1)[0]}"
    return [
        *(commentary("COMMENT", text) for text in _STANDARD),
        card("DATE", iso(exposure.end + timedelta(seconds=70))[:19], "file written, UTC"),
        *_common(observation),
        card("ORIGFILE", f"{kind}_OBS{exposure.start:%j}_{exposure.index + 1:04d}.fits",
             "name at the telescope"),
        card("ARCFILE", exposure.archive_name, "name in the archive"),
        *_expand(observation, [
            RAW, OBSERVATION, _INSTRUMENT, DETECTOR, GUIDE_CAMERA, ADAPTER,
            *([REAL_TIME, REAL_TIME_DETAIL] if exposure.adaptive else []),
            LASERS, GUIDING, SEQUENCE,
        ]),
    ]  # fmt: skip


def reduced_header(observation: Observation) -> list[str]:
    """Write the primary header of a reduced cube.

    Parameters
    ----------
    observation : Observation
        The exposure.

    Returns
    -------
    list of str
        Cards after the mandatory ones, about 1,700.
    """
    exposure = observation.exposure
    name = exposure.archive_name
    written = exposure.end + _REDUCTION_DELAY
    return [
        *(commentary("COMMENT", text) for text in _STANDARD),
        card("DATE", iso(written)[:19], "file written, UTC"),
        *_common(observation),
        card("PIPEFILE", f"{exposure.product_name}.fits", "name of the product"),
        card("ARCFILE", name, "name in the archive"),
        card("PROV1", name, "raw file of this product"),
        card("PRODCATG", "SCIENCE.CUBE.IFS", "category of the data product"),
        card("PROCSOFT", "muse/2.5.0", "software of the reduction"),
        card("OBSTECH", "IFU", "technique"),
        card("OBID1", exposure.block_id, "observing block"),
        card("NCOMBINE", 1, "raw exposures in this product"),
        card("TEXPTIME", exposure.slot.exptime, "[s] total exposure time"),
        card("DATAMD5", _checksum(name), "MD5 of the data"),
        # The pipeline takes the keywords of the first channel over into its product.
        *_expand(observation, [
            OBSERVATION, _INSTRUMENT, DETECTOR, GUIDE_CAMERA, chip(1), PIPELINE, ADAPTER,
            *([REAL_TIME] if exposure.adaptive else []),
            LASERS, GUIDING, SEQUENCE, QUALITY,
        ]),
        commentary(""),
        *_history(observation, written),
        commentary(""),
    ]  # fmt: skip


def _common(observation: Observation) -> list[str]:
    exposure = observation.exposure
    target, start = exposure.slot.target, exposure.start
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    utc = (start - midnight).total_seconds()
    return [
        card("ORIGIN", "ESO-PARANAL", "European Southern Observatory"),
        card("TELESCOP", "ESO-VLT-U4", "telescope"),
        card("INSTRUME", "MUSE", "instrument"),
        card("RA", round(target.ra, 6), "[deg] right ascension, J2000"),
        card("DEC", round(target.dec, 5), "[deg] declination, J2000"),
        card("EQUINOX", 2000.0, "FK5"),
        card("RADECSYS", "FK5", "coordinate system"),
        card("EXPTIME", exposure.slot.exptime, "[s] exposure time"),
        card("MJD-OBS", sky.mjd(start), "start of the exposure"),
        card("DATE-OBS", iso(start), "start of the exposure, UTC"),
        card("UTC", round(utc, 3), "[s] UTC at the start"),
        card("LST", round(sky.sidereal_time(start) * 240.0, 3), "[s] sidereal time at the start"),
        card("PI-COI", "UNKNOWN", "investigator"),
        card("OBSERVER", "UNKNOWN", "observer"),
        card("OBJECT", target.name, "target as typed by the observer"),
    ]


def _expand(observation: Observation, groups: list[list[Row]]) -> list[str]:
    """Make the cards of groups; the same groups draw the same readings in both files."""
    values = facts(observation)
    exposure = observation.exposure
    return [
        text
        for group in groups
        for text in expand(group, values, generator(observation.seed, exposure.index, HEADERS))
    ]


def _history(observation: Observation, written: datetime) -> list[str]:
    lines = (
        "muse_scibasic: bias, flat and wavelength calibration applied",
        f"muse_scipost: sky model subtracted, {len(observation.wavelength)} layers resampled",
        "",
        f"zap: residual sky lines removed, {iso(written)[:10]}",
    )
    return [commentary("HISTORY", line) for line in lines]


def _checksum(name: str) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
