"""The Strehl ratio of the narrow field, with what it depends on."""

from __future__ import annotations

import math

from aomuse.metrics import WAVELENGTHS_NM, metric_of
from aomuse.muse.psf_models import IS_MAOPPY_SQL
from aomuse.query.views.fits import FIT_JOINS, nearest_layer
from aomuse.query.views.formulae import by_case, double, of_lasers
from aomuse.query.views.isoplanatic import theta0
from aomuse.query.views.view import THEN_JOIN, View, columns

#: Highest frequency that is corrected, 1/m: 34 actuators across 8 m, as in maoppy's muse_nfm.
CUTOFF = (34 - 1) / (2 * 8.0)
#: At which SPARTA states the Strehl ratio, nm.
SPARTA_NM = 650

# The variance of a Kolmogorov spectrum beyond the cutoff, of r0 = 1 m.
_HALO = 0.0229 * 6 * math.pi / 5 * CUTOFF ** (-5 / 3)
_NM = by_case("m.metric_id", {metric_of(f"fwhm_{nm}nm").id: nm for nm in WAVELENGTHS_NM})

_AIRMASS = "(e.airmass_start + e.airmass_end) / 2 AS airmass"

_VARIANCE = (
    "CASE WHEN q.r0 > 0 THEN q.amp + q.bck * "
    f"{double(math.pi * CUTOFF**2)} + {double(_HALO)} * POW(q.r0, {double(-5 / 3)}) END"
)


def _card(value: str, *keywords: str) -> str:
    """Return a value over cards of the primary header of an exposure's first cube."""
    names = ", ".join(f"'{keyword}'" for keyword in keywords)
    # From the file on: by the keyword alone, a server would read that card of every exposure.
    return (
        f"(SELECT {value}(COALESCE(card.value_float, card.value_int * 1e0)) FROM source_file sf"
        f" {THEN_JOIN} header h {THEN_JOIN} keyword k {THEN_JOIN} header_card card"
        " WHERE sf.exposure_id = q.exposure_id AND sf.role = 'reduced' AND sf.file_rank = 1"
        f" AND h.source_file_id = sf.id AND h.hdu_index = 0 AND k.name IN ({names})"
        " AND card.keyword_id = k.id AND card.header_id = h.id)"
    )


_FLUXES = tuple(f"ESO AOS NGS{number} FLUX" for number in (1, 2, 3, 4))
_LASERS = of_lasers("AVG", "strehl_mean", "q.exposure_id")

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
        theta0_arcsec | {theta0("q.exposure_id", "q.airmass")}
            | Isoplanatic angle at 500 nm (v_isoplanatic), arcsec
    """),
    f"""(
    SELECT f.id AS psf_fit_id, f.model, f.fit_rank, e.id AS exposure_id, t.name AS target,
      e.instrument_mode, e.date_obs_utc, e.tau0_s, {_AIRMASS}, {_NM} AS nm,
      r0.value AS r0, bck.value AS bck, amp.value AS amp
    FROM psf_fit_metric m
    JOIN psf_fit f ON f.id = m.psf_fit_id
    {FIT_JOINS}
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
