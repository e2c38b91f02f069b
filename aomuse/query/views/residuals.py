"""The residual ledger: predicted minus delivered PSF, and the conditions that may explain it."""

from __future__ import annotations

from aomuse.metrics import WAVELENGTHS_NM, metric_of
from aomuse.query.views.fits import FIT_COLUMNS, FIT_JOINS
from aomuse.query.views.formulae import by_case
from aomuse.query.views.gain import of_sparta
from aomuse.query.views.view import View, columns

#: Wavelength by number of the metric that is the FWHM there.
_FWHM = {metric_of(f"fwhm_{nm}nm").id: nm for nm in WAVELENGTHS_NM}
_NM = by_case("m.metric_id", _FWHM)


def _at_the_wavelength(name: str) -> str:
    """Return the number of a metric at the wavelength of the FWHM: they are equally far apart."""
    (distance,) = {metric_of(name.format(nm=nm)).id - number for number, nm in _FWHM.items()}
    return f"m.metric_id + {distance}"


RESIDUAL_VIEW = View(
    "v_residual",
    "Predicted minus delivered PSF of one WFM-AO analysis at one wavelength, with its conditions",
    FIT_COLUMNS
    + columns(f"""
        wavelength_nm | {_NM} | Wavelength, nm
        delivered_fwhm_arcsec | m.value | FWHM delivered in the nearest layer, arcsec
        delivered_beta | beta.value | Moffat beta delivered
        psfr_fwhm_arcsec | p.fwhm_arcsec | FWHM predicted by muse-psfr, arcsec
        psfr_residual_arcsec | p.fwhm_arcsec - m.value | It minus the FWHM delivered, arcsec
        psfr_beta | p.beta | Moffat beta predicted by muse-psfr
        psfr_beta_residual | p.beta - beta.value | It minus the beta delivered
        iq_arcsec | iq.value
            | Image quality predicted by formula from SPARTA (iq_los_…nm), arcsec
        iq_residual_arcsec | iq.value - m.value | It minus the FWHM delivered, arcsec
        r0_m | r0.value | SPARTA's r0 at 500 nm in the line of sight, m
        l0_m | l0.value | SPARTA's outer scale, m
        lasers_on | lasers.value | Lasers that were on
        ground_layer_fraction | e.ground_layer_fraction | Share of the turbulence below 900 m
        airmass | (e.airmass_start + e.airmass_end) / 2 | Mean of the air mass at start and end
    """),
    f"""
    psf_fit_metric m
    JOIN psf_fit f ON f.id = m.psf_fit_id
    {FIT_JOINS}
    LEFT JOIN psf_fit_metric beta ON beta.psf_fit_id = f.id
      AND beta.metric_id = {_at_the_wavelength("beta_{nm}nm")}
    LEFT JOIN exposure_metric iq ON iq.exposure_id = e.id
      AND iq.metric_id = {_at_the_wavelength("iq_los_{nm}nm")}
    LEFT JOIN psf_prediction_layer p ON p.exposure_id = e.id AND p.wavelength_nm = {_NM}
    {of_sparta("r0", "sparta_r0_mean")}
    {of_sparta("l0", "sparta_l0_mean")}
    {of_sparta("lasers", "lasers_on")}
    WHERE m.metric_id IN ({", ".join(map(str, _FWHM))}) AND m.value > 0
      AND e.instrument_mode LIKE 'WFM-AO%'
    """,
)


def _scatter(value: str) -> str:
    """Return the standard deviation of a sample: a sum of squares about the mean."""
    count = f"COUNT({value})"
    variance = f"(SUM({value} * {value}) - {count} * AVG({value}) * AVG({value}))"
    return (
        f"CASE WHEN {count} > 1 AND {variance} > 0 THEN SQRT({variance} / ({count} - 1))"
        f" WHEN {count} > 1 THEN 0e0 END"
    )


RESIDUAL_SUMMARY_VIEW = View(
    "v_residual_summary",
    "Predicted minus delivered PSF by mode and wavelength: mean and scatter over first analyses",
    columns(f"""
        instrument_mode | r.instrument_mode | ESO INS MODE, such as WFM-AO-N
        wavelength_nm | r.wavelength_nm | Wavelength, nm
        psfr_count | COUNT(r.psfr_residual_arcsec) | Analyses with a prediction by muse-psfr
        psfr_mean_arcsec | AVG(r.psfr_residual_arcsec)
            | FWHM by muse-psfr minus FWHM delivered: mean, arcsec
        psfr_scatter_arcsec | {_scatter("r.psfr_residual_arcsec")}
            | Standard deviation of the same, arcsec
        psfr_beta_mean | AVG(r.psfr_beta_residual)
            | Beta by muse-psfr minus beta delivered: mean
        psfr_beta_scatter | {_scatter("r.psfr_beta_residual")} | Standard deviation of the same
        iq_count | COUNT(r.iq_residual_arcsec) | Analyses with an image quality by formula
        iq_mean_arcsec | AVG(r.iq_residual_arcsec)
            | Image quality by formula minus FWHM delivered: mean, arcsec
        iq_scatter_arcsec | {_scatter("r.iq_residual_arcsec")}
            | Standard deviation of the same, arcsec
    """),
    f"(\n{RESIDUAL_VIEW.select('sqlite')}\n) r\nWHERE r.fit_rank = 1\n"
    "GROUP BY r.instrument_mode, r.wavelength_nm",
)
