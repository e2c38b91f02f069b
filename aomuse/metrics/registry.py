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


_SIMPLE = (
    Metric(
        1,
        "seeing",
        "legacy",
        "arcsec",
        "mean of the site seeing at start and end",
        _PACKAGE,
        "ESO TEL AMBI FWHM START, ESO TEL AMBI FWHM END",
    ),
    Metric(
        2,
        "airmass",
        "legacy",
        "",
        "mean of the air mass at start and end",
        _PACKAGE,
        "ESO TEL AIRM START, ESO TEL AIRM END",
    ),
    Metric(
        3,
        "seeing_los",
        "legacy",
        "arcsec",
        "seeing times air mass to the power 0.6",
        _PACKAGE,
        "seeing, airmass",
    ),
    Metric(
        4,
        "tau0",
        "legacy",
        "s",
        "coherence time of the site monitor",
        _PACKAGE,
        "ESO TEL AMBI TAU0",
    ),
    Metric(
        5,
        "glf",
        "legacy",
        "",
        "share of the turbulence below 900 m",
        _PACKAGE,
        "ESO OCS SGS ASM GL900 AVG",
    ),
    Metric(
        6, "ngs_flux", "legacy", "", "flux of the natural guide star", _PACKAGE, "ESO AOS NGS1 FLUX"
    ),
    Metric(
        7,
        "num_sources",
        "legacy",
        "",
        "sources of the Moffat analysis, else of the first one",
        _PACKAGE,
        "PM_ tables",
    ),
    Metric(
        8,
        "ttfree",
        "legacy",
        "",
        "1 where the tip-tilt loop is open",
        _PACKAGE,
        "ESO AOS TT LOOP ST",
    ),
    Metric(
        9,
        "degraded",
        "legacy",
        "",
        "1 where a laser is simulated by software, and where that is unknown",
        _PACKAGE,
        "ESO LGSi LASRi SWSIM",
    ),
    Metric(
        10,
        "degraded",
        "corrected",
        "",
        "1 where a laser is simulated by software",
        _PACKAGE,
        "ESO LGSi LASRi SWSIM",
    ),
)

_SPARTA = (
    Metric(
        11,
        "sparta_iq_los_500nm",
        "legacy",
        "arcsec",
        "image quality at 500 nm from r0 and L0, over the AO gain; k = 1.028, D = 8 m, "
        "all lasers, tip-tilt loop open only",
        _PACKAGE,
        "SPARTA_ATM_DATA, glf, ttfree",
    ),
    Metric(
        12,
        "sparta_iq_los_500nm",
        "corrected",
        "arcsec",
        "image quality at 500 nm from r0 and L0 of the lasers that are on, over the AO gain",
        _KOLB,
        "SPARTA_ATM_DATA, glf",
    ),
    Metric(
        13,
        "sparta_iq_los_500nm_nogain",
        "legacy",
        "arcsec",
        "as sparta_iq_los_500nm, with a gain of 1",
        _PACKAGE,
        "SPARTA_ATM_DATA, ttfree",
    ),
    Metric(
        14,
        "sparta_iq_los_500nm_nogain",
        "corrected",
        "arcsec",
        "as sparta_iq_los_500nm, with a gain of 1",
        _KOLB,
        "SPARTA_ATM_DATA",
    ),
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
        (
            70,
            "half_light_radius",
            "arcsec",
            "radius that holds half of the Moffat PSF's light",
            "PSFPARS fwhm and beta, pixel scale",
        ),
        (
            80,
            "ee_500mas",
            "",
            "share of the Moffat PSF's light within 0.5 arcsec of its centre",
            "PSFPARS fwhm and beta, pixel scale",
        ),
    )
    for place, wavelength in enumerate(WAVELENGTHS_NM)
)

_OPEN = "DATE-OBS to DATE-OBS + EXPTIME"
_SPARTA_TABLE = "SPARTA_ATM_DATA"

_LASERS = (
    Metric(
        15,
        "lasers_on",
        "corrected",
        "",
        "lasers that are on (r0 > 0) in a sample",
        _OWN,
        _SPARTA_TABLE,
    ),
    Metric(
        16,
        "sparta_open_samples",
        "corrected",
        "",
        f"samples while the shutter was open, {_OPEN}",
        _OWN,
        f"{_SPARTA_TABLE}, DATE-OBS, EXPTIME",
    ),
    *(
        Metric(number, name, "corrected", unit, formula, _OWN, inputs, "laser")
        for number, name, unit, formula, inputs in (
            (100, "laser_on", "", "1 where the laser is on (r0 > 0) in a sample", _SPARTA_TABLE),
            (101, "laser_on_share", "", "share of the samples with the laser on", _SPARTA_TABLE),
            (102, "laser_samples", "", "samples with the laser on", _SPARTA_TABLE),
            (
                103,
                "laser_open_samples",
                "",
                f"samples with the laser on while the shutter was open, {_OPEN}",
                f"{_SPARTA_TABLE}, DATE-OBS, EXPTIME",
            ),
            (
                104,
                "laser_gaps",
                "",
                "intervals between samples with the laser on that are longer than 1.5 times the "
                "median interval of all samples",
                _SPARTA_TABLE,
            ),
            (
                105,
                "laser_longest_gap",
                "s",
                "longest interval between samples with the laser on",
                _SPARTA_TABLE,
            ),
        )
    ),
    *(
        Metric(
            first + place,
            f"{name}_{statistic}",
            "corrected",
            unit,
            f"{meaning} positive {what} with the laser on",
            _OWN,
            column,
            "laser",
        )
        for first, name, unit, what, column in (
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

METRICS = (*_SIMPLE, *_SPARTA, *_WITH_MUSE, *_LASERS, *_DELIVERED)

_BY_NAME = {(metric.name, metric.version): metric for metric in METRICS}


def shown_names() -> dict[Metric, str]:
    """Return the name of each metric in views and frames.

    Returns
    -------
    dict
        The plain name; with ``_legacy`` behind where a formula was corrected, for the old one.
    """
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
