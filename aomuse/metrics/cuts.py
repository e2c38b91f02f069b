"""Ranges of measurements that metrics use; the rows keep what lies outside.

r0 and Strehl ratio are cut as in ESO's script plot_sparta_data (J. Milli, 2018). L0: a pupil of 8 m
cannot tell an outer scale above 100 m from none; SPARTA reports up to 1,000 m where its fit fails,
and muse-psfr (Fusco et al. 2020, A&A 635, A208) takes 8 to 30 m only.
"""

from __future__ import annotations

from aomuse.metrics.domain import Range
from aomuse.metrics.wavelength import MUSE_FWHM_RANGE_NM

R0 = Range("r0", 0, 0.9, "m")
R0_KNOWN = Range("r0", 0, unit="m")
L0 = Range("L0", 0, 100, "m")
STREHL = Range("Strehl ratio", 0, 90, "%", with_low=True)
LGS_SEEING = Range("seeing", 0, unit="arcsec")
AIRMASS = Range("air mass", 0)
GLF = Range("glf", 0, 1, with_low=True)
FWHM = Range("FWHM", 0)
BETA = Range("beta", 1)
MUSE_WAVELENGTH = Range("wavelength", *MUSE_FWHM_RANGE_NM, "nm", with_low=True)
