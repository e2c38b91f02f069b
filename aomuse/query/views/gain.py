"""The gain of the adaptive optics, like for like: natural over delivered image quality.

Both at the same wavelength and air mass, with a finite outer scale and MUSE's own share.
"""

from __future__ import annotations

from aomuse.metrics import WAVELENGTHS_NM, metric_of
from aomuse.metrics.wavelength import fried_parameter, muse_fwhm
from aomuse.query.views.fits import FIT_JOINS
from aomuse.query.views.formulae import (
    PARANAL_L0_M,
    by_case,
    double,
    natural_quality,
    outer_scale_square,
    r0_of_seeing,
)
from aomuse.query.views.view import View, columns

_WAVELENGTH_OF = {metric_of(f"fwhm_{nm}nm").id: nm for nm in WAVELENGTHS_NM}
#: MUSE's own share, and r0 over r0 at 500 nm, by number of the metric.
_MUSE = {number: float(muse_fwhm(nm)) for number, nm in _WAVELENGTH_OF.items()}
_GROWTH = {number: float(fried_parameter(1, nm)) for number, nm in _WAVELENGTH_OF.items()}


def of_sparta(alias: str, name: str) -> str:
    """Return the join of a metric of exposure ``e`` that SPARTA's samples have."""
    return (
        f"LEFT JOIN exposure_metric {alias} ON {alias}.exposure_id = e.id"
        f" AND {alias}.metric_id = {metric_of(name).id}"
    )


def sparta_mean(name: str) -> str:
    """Return a metric of exposure ``q.exposure_id`` that few questions need.

    A join would be made for all of them by SQLite. Some engines take a lookup within a row only
    if it is an aggregate.
    """
    return (
        "(SELECT MAX(x.value) FROM exposure_metric x WHERE x.exposure_id = q.exposure_id"
        f" AND x.metric_id = {metric_of(name).id})"
    )


_DELIVERED = f"""(
    SELECT f.id AS psf_fit_id, f.model, f.fit_rank, e.id AS exposure_id, t.name AS target,
      e.instrument_mode, e.date_obs_utc, e.ground_layer_fraction,
      (e.airmass_start + e.airmass_end) / 2 AS airmass,
      (e.seeing_start_arcsec + e.seeing_end_arcsec) / 2 AS seeing_arcsec,
      m.value AS delivered, lasers.value AS lasers_on, r0.value AS r0_m,
      CASE WHEN l0.value > 0 THEN l0.value ELSE {double(PARANAL_L0_M)} END AS l0_m,
      {by_case("m.metric_id", _WAVELENGTH_OF)} AS nm,
      {by_case("m.metric_id", _MUSE)} AS muse,
      {by_case("m.metric_id", _GROWTH)} AS growth
    FROM psf_fit_metric m
    JOIN psf_fit f ON f.id = m.psf_fit_id
    {FIT_JOINS}
    {of_sparta("r0", "sparta_r0_mean")}
    {of_sparta("l0", "sparta_l0_mean")}
    {of_sparta("lasers", "lasers_on")}
    WHERE m.metric_id IN ({", ".join(map(str, _WAVELENGTH_OF))}) AND m.value > 0
      AND e.instrument_mode LIKE 'WFM%'
  )"""

_FRIED = f"""(
    SELECT d.*, d.growth * {r0_of_seeing("d.seeing_arcsec", "d.airmass")} AS site_r0,
      d.growth * d.r0_m AS sparta_r0
    FROM {_DELIVERED} d
  )"""

_SQUARES = f"""(
    SELECT r.*, {outer_scale_square("r.site_r0", "r.l0_m")} AS site_square,
      {outer_scale_square("r.sparta_r0", "r.l0_m")} AS sparta_square
    FROM {_FRIED} r
  )"""

_NATURAL = f"""(
    SELECT n.*, {natural_quality("n.site_r0", "n.site_square", "n.nm")} AS site_iq,
      {natural_quality("n.sparta_r0", "n.sparta_square", "n.nm")} AS sparta_iq
    FROM {_SQUARES} n
  )"""

_X = "q.ground_layer_fraction"
_SITE = "SQRT(q.site_iq * q.site_iq + q.muse * q.muse)"
_SPARTA = "SQRT(q.sparta_iq * q.sparta_iq + q.muse * q.muse)"

GAIN_VIEW = View(
    "v_gain",
    "The gain of one wide-field analysis at one wavelength: FWHM without adaptive optics, with"
    " MUSE's own share, over the FWHM delivered; about 1 in NOAO",
    columns(f"""
        psf_fit_id | q.psf_fit_id | Number of the analysis (psf_fit.id)
        exposure_id | q.exposure_id | Number of the exposure (exposure.id)
        target | q.target | Observed object
        instrument_mode | q.instrument_mode | ESO INS MODE, such as WFM-AO-N
        date_obs_utc | q.date_obs_utc | Start of the exposure, UTC
        model | q.model | PSF model: moffat, maoppy or unknown
        fit_rank | q.fit_rank | 1 for the first analysis of the exposure
        wavelength_nm | q.nm | Wavelength, nm
        airmass | q.airmass | Mean of the air mass at start and end
        seeing_arcsec | q.seeing_arcsec | Seeing of the site monitor at 500 nm at the zenith, arcsec
        r0_m | q.r0_m | SPARTA's r0 at 500 nm in the line of sight (sparta_r0_mean), m
        l0_m | q.l0_m | Outer scale, m: SPARTA's (sparta_l0_mean), else {PARANAL_L0_M:g} m
        lasers_on | q.lasers_on | Lasers that were on; NULL without SPARTA
        natural_iq_arcsec | q.site_iq
            | Image quality without adaptive optics at the wavelength and air mass, of the site
            monitor's seeing and the outer scale, arcsec
        natural_iq_sparta_arcsec | q.sparta_iq | The same of SPARTA's r0 and outer scale, arcsec
        muse_fwhm_arcsec | q.muse | MUSE's own share at the wavelength, arcsec
        natural_fwhm_arcsec | {_SITE} | natural_iq_arcsec with MUSE's own share, arcsec
        delivered_fwhm_arcsec | q.delivered | FWHM delivered in the nearest layer, arcsec
        gain | {_SITE} / q.delivered | natural_fwhm_arcsec over delivered_fwhm_arcsec
        gain_sparta | {_SPARTA} / q.delivered | The same with natural_iq_sparta_arcsec
        ground_layer_fraction | {_X} | Share of the turbulence below 900 m (site monitor)
        eso_gain | CASE WHEN q.instrument_mode LIKE 'WFM-AO%' THEN 1.09e0 + 0.42e0 * {_X}
            - 1.98e0 * {_X} * {_X} + 2.95e0 * {_X} * {_X} * {_X} END
            | Gain of ESO's polynomial of the ground layer; NULL without adaptive optics
        sparta_ground_layer_fraction | {sparta_mean("sparta_ground_layer_mean")}
            | Share of the turbulence at the ground by SPARTA, mean over samples and lasers
        sparta_fwhm_gain | {sparta_mean("sparta_fwhm_gain_mean")}
            | SPARTA's FWHM_GAIN, mean over samples and lasers
    """),
    f"{_NATURAL} q",
)
