"""The metrics: names, versions, units, formulae in words, and where they come from.

Where the 2022 AOMUSE package had a metric, it keeps its name and, as version ``legacy``, its
formula; ``corrected`` stands beside it where that formula was wrong. A number is never given twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grain = Literal["exposure", "psf_fit", "laser"]
Kind = Literal["float", "count", "flag"]

#: Wavelengths of the metrics by wavelength, nm.
WAVELENGTHS_NM = (500, 600, 700, 800, 900)

#: Radius of the encircled energy, arcsec.
EE_RADIUS_ARCSEC = 0.5

_PACKAGE = "AOMUSE 2022"
_OWN = "aomuse"
_KOLB = "Tokovinin 2002, PASP 114, 1156; ESO exposure time calculator"


#: A metric's value, or the reason why there is none; by name and version.
MetricValue = float | str
Metrics = dict[tuple[str, str], MetricValue]


@dataclass(frozen=True)
class Metric:
    """One metric in one version."""

    id: int
    name: str
    version: str
    unit: str
    formula: str
    citation: str
    inputs: str
    grain: Grain = "exposure"

    @property
    def kind(self) -> Kind:
        """What the value is: a number, a number of things, or 0 and 1 for no and yes."""
        return _KINDS.get(self.name, "float")


_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("ttfree", "degraded", "laser_on"), "flag"),
    **dict.fromkeys(("num_sources", "lasers_on", "sparta_open_samples"), "count"),
    **dict.fromkeys(("laser_samples", "laser_open_samples", "laser_gaps"), "count"),
}

_SEEING = "ESO TEL AMBI FWHM START, ESO TEL AMBI FWHM END"
_AIRMASS = "ESO TEL AIRM START, ESO TEL AIRM END"
_SIMULATED = "ESO LGSi LASRi SWSIM"
_SIMPLE = tuple(
    Metric(number, name, "legacy", unit, formula, _PACKAGE, inputs)
    for number, name, unit, formula, inputs in (
        (1, "seeing", "arcsec", "mean of the site seeing at start and end", _SEEING),
        (2, "airmass", "", "mean of the air mass at start and end", _AIRMASS),
        (3, "seeing_los", "arcsec", "seeing times air mass to the power 0.6", "seeing, airmass"),
        (4, "tau0", "s", "coherence time of the site monitor", "ESO TEL AMBI TAU0"),
        (5, "glf", "", "share of the turbulence below 900 m", "ESO OCS SGS ASM GL900 AVG"),
        (6, "ngs_flux", "", "flux of the natural guide star", "ESO AOS NGS1 FLUX"),
        (
            7,
            "num_sources",
            "",
            "PSF stars of the Moffat analysis, else of the first one",
            "PM_ tables",
        ),
        (8, "ttfree", "", "1 where the tip-tilt loop is open", "ESO AOS TT LOOP ST"),
    )
)
_SIMULATED_FORMULA = "1 where a laser is simulated by software"
_DEGRADED = tuple(
    Metric(number, "degraded", version, "", formula, _PACKAGE, _SIMULATED)
    for number, version, formula in (
        (9, "legacy", f"{_SIMULATED_FORMULA}, and where that is unknown"),
        (10, "corrected", _SIMULATED_FORMULA),
    )
)

_IQ = "image quality at 500 nm from r0 and L0"
_NO_GAIN = "as sparta_iq_los_500nm, with a gain of 1"
_SPARTA = tuple(
    Metric(number, f"sparta_iq_los_500nm{suffix}", version, "arcsec", formula, citation, inputs)
    for number, suffix, version, formula, citation, inputs in (
        (
            *(11, "", "legacy"),
            f"{_IQ}, over the AO gain; k = 1.028, D = 8 m, all lasers, tip-tilt loop open only",
            *(_PACKAGE, "SPARTA_ATM_DATA, glf, ttfree"),
        ),
        (
            *(12, "", "corrected"),
            f"{_IQ} of the lasers that are on, over the AO gain",
            *(_KOLB, "SPARTA_ATM_DATA, glf"),
        ),
        (13, "_nogain", "legacy", _NO_GAIN, _PACKAGE, "SPARTA_ATM_DATA, ttfree"),
        (14, "_nogain", "corrected", _NO_GAIN, _KOLB, "SPARTA_ATM_DATA"),
    )
)

_WITH_MUSE = tuple(
    Metric(
        20 + 2 * place + (version == "corrected"),
        f"iq_los_{wavelength}nm",
        version,
        "arcsec",
        f"sparta_iq_los_500nm at {wavelength} nm, with MUSE's own share of {share}",
        _PACKAGE,
        "sparta_iq_los_500nm",
    )
    for place, wavelength in enumerate(WAVELENGTHS_NM)
    for version, share in (
        ("legacy", "0.35 arcsec"),
        ("corrected", "0.37 arcsec" if wavelength < 600 else "0.29 arcsec"),
    )
)

_BOTH = "PSFPARS fwhm and beta, pixel scale"
_HALF = "radius that holds half of the Moffat PSF's light"
_WITHIN = "share of the Moffat PSF's light within 0.5 arcsec of its centre"
_DELIVERED = tuple(
    Metric(
        first + place,
        f"{name}_{wavelength}nm",
        "corrected",
        unit,
        f"{meaning} in the layer nearest to {wavelength} nm",
        "PampelMuse",
        inputs,
        "psf_fit",
    )
    for first, name, unit, meaning, inputs in (
        (40, "fwhm", "arcsec", "FWHM of the PSF", "PSFPARS fwhm, pixel scale"),
        (50, "beta", "", "Moffat beta of the PSF", "PSFPARS beta"),
        (60, "ellipticity", "", "ellipticity of the PSF", "PSFPARS e"),
        (70, "half_light_radius", "arcsec", _HALF, _BOTH),
        (80, "ee_500mas", "", _WITHIN, _BOTH),
    )
    for place, wavelength in enumerate(WAVELENGTHS_NM)
)

_TABLE = "SPARTA_ATM_DATA"
_OPEN = "while the shutter was open, DATE-OBS to DATE-OBS + EXPTIME"
_OPEN_INPUTS = f"{_TABLE}, DATE-OBS, EXPTIME"
_GAPS = "intervals between samples with the laser on that are longer than 1.5 times the median"
_LASERS = (
    *(
        Metric(number, name, "corrected", "", formula, _OWN, inputs)
        for number, name, formula, inputs in (
            (15, "lasers_on", "lasers that are on (r0 > 0) in a sample", _TABLE),
            (16, "sparta_open_samples", f"samples {_OPEN}", _OPEN_INPUTS),
        )
    ),
    *(
        Metric(number, name, "corrected", unit, formula, _OWN, inputs, "laser")
        for number, name, unit, formula, inputs in (
            (100, "laser_on", "", "1 where the laser is on (r0 > 0) in a sample", _TABLE),
            (101, "laser_on_share", "", "share of the samples with the laser on", _TABLE),
            (102, "laser_samples", "", "samples with the laser on", _TABLE),
            (103, "laser_open_samples", "", f"samples with the laser on {_OPEN}", _OPEN_INPUTS),
            (104, "laser_gaps", "", f"{_GAPS} interval of all samples", _TABLE),
            (
                *(105, "laser_longest_gap", "s"),
                "longest interval between samples with the laser on",
                _TABLE,
            ),
        )
    ),
    *(
        Metric(
            first + place,
            f"{name}_{statistic}",
            "corrected",
            unit,
            f"{meaning} positive {quantity} with the laser on",
            _OWN,
            column,
            "laser",
        )
        for first, name, unit, quantity, column in (
            (110, "strehl", "%", "Strehl ratio", "LGSn_STREHL"),
            (120, "r0", "m", "Fried parameter", "LGSn_R0"),
            (130, "l0", "m", "outer scale", "LGSn_L0"),
            (140, "lgs_seeing", "arcsec", "seeing", "LGSn_SEEING"),
        )
        for place, (statistic, meaning) in enumerate(
            (("mean", "mean of the"), ("min", "lowest"), ("last", "last"))
        )
    ),
)

METRICS = (*_SIMPLE, *_DEGRADED, *_SPARTA, *_WITH_MUSE, *_LASERS, *_DELIVERED)

_BY_NAME = {(metric.name, metric.version): metric for metric in METRICS}


def shown_names() -> dict[Metric, str]:
    """Return the name of each metric in views and frames: ``_legacy`` marks a corrected formula."""
    corrected = {(m.grain, m.name) for m in METRICS if m.version == "corrected"}
    return {
        m: f"{m.name}_legacy"
        if m.version == "legacy" and (m.grain, m.name) in corrected
        else m.name
        for m in METRICS
    }


def metric_of(name: str, version: str) -> Metric:
    """Return the metric of a name and version."""
    return _BY_NAME[name, version]
