"""The metrics of a laser: what SPARTA reported of it."""

from __future__ import annotations

from collections.abc import Iterator

from aomuse.metrics.cuts import L0, LGS_SEEING, R0, STREHL
from aomuse.metrics.domain import ADAPTIVE, ANYWHERE, Domain, Range
from aomuse.metrics.metric import CURRENT, SUPERSEDED, Metric, metrics_of_table

_CUTS = "aomuse; cuts as in ESO's plot_sparta_data, laser on as in muse-psfr"
_SOURCES = {"aomuse": "aomuse", "cuts": _CUTS}
_DOMAINS = {"any": ANYWHERE, "AO": Domain(modes=ADAPTIVE)}

_TABLE = """
100 | laser_on | corrected-1 | | aomuse | any | SPARTA_ATM_DATA
    | 1 where the laser is on (r0 > 0) in a sample
101 | laser_on_share | corrected-1 | | aomuse | any | SPARTA_ATM_DATA
    | share of the samples with the laser on (r0 > 0)
102 | laser_samples | corrected-1 | | aomuse | any | SPARTA_ATM_DATA
    | samples with the laser on (r0 > 0)
103 | laser_open_samples | corrected-1 | | aomuse | any | SPARTA_ATM_DATA, DATE-OBS, EXPTIME
    | samples with the laser on (r0 > 0) while the shutter was open
104 | laser_gaps | corrected-1 | | aomuse | any | SPARTA_ATM_DATA
    | intervals between samples with the laser on (r0 > 0) that are longer than 1.5 times the median
    interval of all samples
105 | laser_longest_gap | corrected-1 | s | aomuse | any | SPARTA_ATM_DATA
    | longest interval between samples with the laser on (r0 > 0)
200 | laser_on | corrected | | cuts | AO | SPARTA_ATM_DATA
    | 1 where the laser is on (share of the ground layer > 0) in a sample
201 | laser_on_share | corrected | | cuts | AO | SPARTA_ATM_DATA
    | share of the samples with the laser on
202 | laser_samples | corrected | | cuts | AO | SPARTA_ATM_DATA
    | samples with the laser on
203 | laser_open_samples | corrected | | cuts | AO | SPARTA_ATM_DATA, DATE-OBS, EXPTIME
    | samples with the laser on while the shutter was open, DATE-OBS to DATE-OBS + EXPTIME
204 | laser_gaps | corrected | | cuts | AO | SPARTA_ATM_DATA
    | intervals between samples with the laser on that are longer than 1.5 times the median interval
    of all samples
205 | laser_longest_gap | corrected | s | cuts | AO | SPARTA_ATM_DATA
    | longest interval between samples with the laser on
"""

#: Numbers of the version before and of the current one, name, meaning, column of the file, range.
QUANTITIES: tuple[tuple[int, int, str, str, str, Range], ...] = (
    (110, 210, "strehl", "Strehl ratio", "LGSn_STREHL", STREHL),
    (120, 220, "r0", "Fried parameter at 500 nm in the line of sight", "LGSn_R0", R0),
    (130, 230, "l0", "outer scale", "LGSn_L0", L0),
    (140, 240, "lgs_seeing", "seeing at 500 nm in the line of sight", "LGSn_SEEING", LGS_SEEING),
)

_BEFORE = {"mean": "mean of the", "min": "lowest", "last": "last"}
#: By the end of the name.
_NOW = {
    "mean": "mean of the samples used",
    "min": "lowest of the samples used",
    "last": "last of the samples used",
    "median": "median of the samples used",
    "mad": "median absolute deviation of the samples used from their median",
    "used": "samples with the laser on and a value in the range",
    "rejected": "samples with the laser on, and a value that is unknown or out of the range",
}


def _statistics() -> Iterator[Metric]:
    for before, now, name, quantity, column, cut in QUANTITIES:
        for place, (statistic, meaning) in enumerate(_BEFORE.items()):
            formula = f"{meaning} positive {quantity} with the laser on (r0 > 0)"
            yield Metric(
                *(before + place, f"{name}_{statistic}", SUPERSEDED, cut.unit, formula),
                *("aomuse", column, "laser"),
            )
        domain = Domain(modes=ADAPTIVE, lasers="on", ranges=(cut,))
        for place, (statistic, meaning) in enumerate(_NOW.items()):
            unit = "" if statistic in ("used", "rejected") else cut.unit
            yield Metric(
                *(now + place, f"{name}_{statistic}", CURRENT, unit, f"{quantity}: {meaning}"),
                *(_CUTS, column, "laser", domain),
            )


LASER_METRICS = (*metrics_of_table(_TABLE, "laser", _SOURCES, _DOMAINS), *_statistics())
