"""The Strehl ratio of the narrow field, and the isoplanatic angle."""

from __future__ import annotations

import math

from aomuse.metrics import WAVELENGTHS_NM, metric_of
from aomuse.metrics.atmosphere import ARCSEC
from aomuse.muse.psf_models import IS_MAOPPY_SQL
from aomuse.query.views.fits import FIT_JOINS, nearest_layer
from aomuse.query.views.formulae import by_case, double
from aomuse.query.views.view import View, columns

#: Highest frequency that is corrected, 1/m: 34 actuators across 8 m, as in maoppy's muse_nfm.
CUTOFF = (34 - 1) / (2 * 8.0)
#: At which SPARTA states the Strehl ratio, nm.
SPARTA_NM = 650

# The variance of a Kolmogorov spectrum beyond the cutoff, of r0 = 1 m.
_HALO = 0.0229 * 6 * math.pi / 5 * CUTOFF ** (-5 / 3)
_NM = by_case("m.metric_id", {metric_of(f"fwhm_{nm}nm").id: nm for nm in WAVELENGTHS_NM})

# Files have heights in km. No layer is 100 km high: a profile with larger numbers has them in m.
_UNIT = f"CASE WHEN MAX(c.altitude) > 100 THEN 1e0 ELSE {double(1000 ** (5 / 3))} END"
_MOMENT = f"""(SELECT SUM(c.cn2_fraction * POW(c.altitude, {double(5 / 3)})) / SUM(c.cn2_fraction)
      * {_UNIT} FROM sparta_cn2_layer c
      WHERE c.exposure_id = e.id AND c.cn2_fraction > 0 AND c.altitude >= 0)"""
_OF_PROFILES = "FROM sparta_cn2 s WHERE s.exposure_id = e.id AND s.r0_total_m > 0"
_TURBULENCE = f"""{_MOMENT} AS moment,
      (SELECT AVG(s.r0_total_m) {_OF_PROFILES}) AS total_r0"""
_AIRMASS = "(e.airmass_start + e.airmass_end) / 2 AS airmass"
_THETA0 = (
    "CASE WHEN q.moment > 0 AND q.airmass > 0"
    f" THEN {double(0.314 * ARCSEC)} * q.total_r0 / (q.airmass * POW(q.moment, 0.6e0)) END"
)

ISOPLANATIC_VIEW = View(
    "v_isoplanatic",
    "The isoplanatic angle of one exposure, from SPARTA's profiles of the turbulence",
    columns(f"""
        exposure_id | q.exposure_id | Number of the exposure (exposure.id)
        target | q.target | Observed object
        instrument_mode | q.instrument_mode | ESO INS MODE, such as WFM-AO-N
        date_obs_utc | q.date_obs_utc | Start of the exposure, UTC
        profile_count | q.profile_count | Profiles with r0
        airmass | q.airmass | Mean of the air mass at start and end
        r0_m | q.total_r0 | r0Tot at 500 nm in the line of sight, mean over the profiles, m
        h_eff_m | CASE WHEN q.moment >= 0 THEN POW(q.moment, 0.6e0) END
            | Effective height, m: (sum of w h^(5/3))^(3/5) of the layers' heights h and shares w
        theta0_arcsec | {_THETA0}
            | Isoplanatic angle at 500 nm, arcsec: 0.314 r0 cos(zenith distance) / h_eff
    """),
    f"""(
    SELECT e.id AS exposure_id, t.name AS target, e.instrument_mode, e.date_obs_utc, {_AIRMASS},
      (SELECT COUNT(s.row_index) {_OF_PROFILES}) AS profile_count, {_TURBULENCE}
    FROM exposure e
    LEFT JOIN target t ON t.id = e.target_id
  ) q
  WHERE q.profile_count > 0""",
)

_VARIANCE = (
    "CASE WHEN q.r0 > 0 THEN q.amp + q.bck * "
    f"{double(math.pi * CUTOFF**2)} + {double(_HALO)} * POW(q.r0, {double(-5 / 3)}) END"
)


def _card(value: str, *keywords: str) -> str:
    """Return a value over cards of the primary header of an exposure's first cube."""
    names = ", ".join(f"'{keyword}'" for keyword in keywords)
    return (
        f"(SELECT {value}(COALESCE(c.value_float, c.value_int * 1e0)) FROM header h"
        " JOIN source_file sf ON sf.id = h.source_file_id JOIN header_card c ON c.header_id = h.id"
        " JOIN keyword k ON k.id = c.keyword_id WHERE h.exposure_id = q.exposure_id"
        " AND h.hdu_index = 0 AND sf.role = 'reduced' AND sf.file_rank = 1"
        f" AND k.name IN ({names}))"
    )


_FLUXES = tuple(f"ESO AOS NGS{number} FLUX" for number in (1, 2, 3, 4))
_LASERS = (
    "(SELECT AVG(x.value) FROM exposure_laser_metric x WHERE x.exposure_id = q.exposure_id"
    f" AND x.metric_id = {metric_of('strehl_mean').id})"
)

STREHL_VIEW = View(
    "v_strehl",
    "Strehl ratio of one narrow-field analysis with MAOPPY at one wavelength, beside SPARTA's",
    columns(f"""
        psf_fit_id | q.psf_fit_id | Number of the analysis (psf_fit.id)
        exposure_id | q.exposure_id | Number of the exposure (exposure.id)
        target | q.target | Observed object
        instrument_mode | q.instrument_mode | ESO INS MODE, such as NFM-AO-N
        date_obs_utc | q.date_obs_utc | Start of the exposure, UTC
        model | q.model | PSF model: maoppy
        fit_rank | q.fit_rank | Place of the analysis among those of the exposure, from 1
        wavelength_nm | q.nm | Wavelength, nm
        r0_m | q.r0 | r0 of the halo at the wavelength, m
        background_rad2_m2 | q.bck | Background of the corrected spectrum, rad2 m2
        amplitude_rad2 | q.amp | Variance of the Moffat part of the spectrum, rad2
        variance_rad2 | {_VARIANCE} | Variance of the phase at the wavelength, rad2
        strehl_percent | 100e0 * EXP(-({_VARIANCE}))
            | Strehl ratio at the wavelength by Maréchal, per cent
        strehl_650nm_percent
            | 100e0 * EXP(-({_VARIANCE}) * q.nm * q.nm / {double(SPARTA_NM**2)})
            | The same brought to {SPARTA_NM} nm: the variance falls with the wavelength squared
        sparta_strehl_percent | {_LASERS}
            | SPARTA's STREHL, mean over samples and lasers, per cent
        header_strehl_percent | {_card("AVG", "ESO DRS MUSE RTC STREHL")}
            | ESO DRS MUSE RTC STREHL of the first cube, per cent
        ngs_flux | {_card("SUM", *_FLUXES)} | Sum of ESO AOS NGS1 to NGS4 FLUX
        tau0_s | q.tau0_s | Coherence time of the site monitor, s
        airmass | q.airmass | Mean of the air mass at start and end
        theta0_arcsec | {_THETA0}
            | Isoplanatic angle at 500 nm (v_isoplanatic), arcsec
    """),
    f"""(
    SELECT f.id AS psf_fit_id, f.model, f.fit_rank, e.id AS exposure_id, t.name AS target,
      e.instrument_mode, e.date_obs_utc, e.tau0_s, {_AIRMASS}, {_NM} AS nm,
      r0.value AS r0, bck.value AS bck, amp.value AS amp, {_TURBULENCE}
    FROM psf_fit_metric m
    JOIN psf_fit f ON f.id = m.psf_fit_id
    {FIT_JOINS}
    JOIN psf_layer l0 ON l0.psf_fit_id = f.id AND l0.layer = 0
    JOIN psf_layer l1 ON l1.psf_fit_id = f.id AND l1.layer = 1
    JOIN psf_parameter r0 ON r0.psf_fit_id = f.id AND r0.parameter = 'r0'
      AND r0.layer = {nearest_layer(_NM)}
    JOIN psf_parameter bck ON bck.psf_fit_id = f.id AND bck.parameter = 'bck'
      AND bck.layer = r0.layer
    JOIN psf_parameter amp ON amp.psf_fit_id = f.id AND amp.parameter = 'amp'
      AND amp.layer = r0.layer
    WHERE m.metric_id IN ({", ".join(str(metric_of(f"fwhm_{nm}nm").id) for nm in WAVELENGTHS_NM)})
      AND {IS_MAOPPY_SQL} AND e.instrument_mode LIKE 'NFM%'
  ) q""",
)
