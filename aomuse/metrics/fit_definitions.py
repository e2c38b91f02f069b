"""The metrics of an analysis: the PSF that PampelMuse measured."""

from __future__ import annotations

from aomuse.metrics.cuts import BETA, FWHM
from aomuse.metrics.domain import ANYWHERE, NARROW, WIDE, Domain
from aomuse.metrics.metric import metrics_of_table

_SOURCES = {
    "PampelMuse": "PampelMuse",
    "light": "Moffat 1969, A&A 3, 455; MAOPPY: Fétick et al. 2019, A&A 628, A99",
}
_DOMAINS = {
    "any": ANYWHERE,
    "Moffat": Domain(models=(("moffat", ()), ("unknown", ()))),
    "light": Domain(models=(("moffat", WIDE), ("maoppy", NARROW)), ranges=(FWHM, BETA)),
}

_TABLE = """
40+1 | fwhm_{nm}nm | corrected | arcsec | PampelMuse | any | PSFPARS fwhm, pixel scale
    | FWHM of the PSF in the layer nearest to {nm} nm, along the major axis if it is elliptical
50+1 | beta_{nm}nm | corrected | | PampelMuse | Moffat | PSFPARS beta
    | Moffat beta of the PSF in the layer nearest to {nm} nm
60+1 | ellipticity_{nm}nm | corrected | | PampelMuse | any | PSFPARS e
    | ellipticity e of the PSF in the layer nearest to {nm} nm: its axis ratio is 1 - e
70+1 | half_light_radius_{nm}nm | corrected-1 | arcsec | light | Moffat
    | PSFPARS fwhm and beta, pixel scale
    | radius that holds half of the Moffat PSF's light in the layer nearest to {nm} nm, in any mode
80+1 | ee_500mas_{nm}nm | corrected-1 | | light | Moffat | PSFPARS fwhm and beta, pixel scale
    | share of the Moffat PSF's light within 0.5 arcsec of its centre in the layer nearest to
    {nm} nm, in any mode
170+1 | half_light_radius_{nm}nm | corrected | arcsec | light | light | PSFPARS, pixel scale
    | radius that holds half of the light of the PSF, taken as circular, in the layer nearest to
    {nm} nm
180+1 | ee_500mas_{nm}nm | corrected | | light | light | PSFPARS, pixel scale
    | share of the light within 0.5 arcsec of the centre of the PSF, taken as circular, in the layer
    nearest to {nm} nm
"""

FIT_METRICS = tuple(metrics_of_table(_TABLE, "psf_fit", _SOURCES, _DOMAINS))
