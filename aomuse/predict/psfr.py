"""The reconstruction itself, by the public package muse-psfr."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

import numpy as np
from astropy.table import Table

from aomuse.errors import ConfigurationError
from aomuse.predict.image import Floats, images
from aomuse.predict.samples import LASERS, Atmosphere, Limits, atmospheres, missing_column

PACKAGE = "muse-psfr"
#: It, and what it computes with.
PACKAGES = (PACKAGE, "mpdaf", "scipy")

#: Every 50 nm of the range in which the package's model of MUSE's own share holds.
WAVELENGTHS_NM = (500.0, 550.0, 600.0, 650.0, 700.0, 750.0, 800.0, 850.0, 900.0)


#: Heights of the ground layer and of all that is above it, m.
_HEIGHTS_M = (100, 10000)


@dataclass(frozen=True)
class Reconstruction:
    """The Moffat PSF of one exposure by wavelength, and what it was made from.

    Seeing, ground layer and outer scale are means over lasers and rows of the telemetry; a sample
    is one laser in one row.
    """

    used_rows: int
    rejected_rows: int
    used_samples: int
    rejected_samples: int
    limits: str
    seeing_arcsec: float
    ground_layer_fraction: float
    l0_m: float
    wavelength_nm: tuple[float, ...]
    fwhm_arcsec: tuple[float, ...]
    beta: tuple[float, ...]


def package_version() -> str:
    """Return the version of muse-psfr."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError as error:
        raise ConfigurationError(
            "muse-psfr is not installed: pip install 'aomuse[psfr]'"
        ) from error


def reconstruct(
    table: Table, wavelengths_nm: Sequence[float] = WAVELENGTHS_NM
) -> Reconstruction | str:
    """Reconstruct the WFM-AO PSF from SPARTA_ATM_DATA, or return why that cannot be done.

    Fusco et al. 2020, A&A 635, A208: the power spectrum of the corrected phase from seeing, ground
    layer fraction and outer scale, with MUSE's own PSF. Equal to muse-psfr's
    ``compute_psf_from_sparta``, which also fits the PSF of each row, of which nothing is stored.
    """
    package = load_package()
    missing = missing_column(table)
    if missing:
        return f"SPARTA_ATM_DATA has no column {missing}"
    limits = Limits(package.MIN_L0, package.MAX_L0)
    rows = atmospheres(table, limits)
    if not rows:
        return f"no sample of SPARTA_ATM_DATA is within the limits: {limits}"
    wavelengths = np.asarray(wavelengths_nm, dtype=float)
    mean = np.zeros(1)
    # Rows can be equal: SPARTA repeats its last estimate.
    for row, times in Counter(rows).items():
        mean = mean + times / len(rows) * _image(package, row, wavelengths)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = package.fit_psf_cube(wavelengths, package.Cube(data=mean, copy=False))
    fwhm, beta = np.asarray(fit["fwhm"])[:, 0], np.asarray(fit["n"])
    if not (np.isfinite(fwhm) & (fwhm > 0) & np.isfinite(beta)).all():
        return "muse-psfr fits no Moffat profile to the predicted PSF"
    used = sum(row.lasers for row in rows)
    return Reconstruction(
        used_rows=len(rows),
        rejected_rows=len(table) - len(rows),
        used_samples=used,
        rejected_samples=len(LASERS) * len(table) - used,
        limits=str(limits),
        seeing_arcsec=float(np.mean([row.seeing_arcsec for row in rows])),
        ground_layer_fraction=float(np.mean([row.ground_layer_fraction for row in rows])),
        l0_m=float(np.mean([row.l0_m for row in rows])),
        wavelength_nm=tuple(wavelengths.tolist()),
        fwhm_arcsec=tuple(fwhm.tolist()),
        beta=tuple(beta.tolist()),
    )


def _image(package: ModuleType, row: Atmosphere, wavelengths_nm: Floats) -> Floats:
    """Return the image of a point at each wavelength, with tip-tilt and MUSE's own PSF."""
    seeing, ground, l0 = row.seeing_arcsec, row.ground_layer_fraction, row.l0_m
    spectrum = package.simul_psd_wfm(
        [ground, 1 - ground],
        _HEIGHTS_M,
        seeing,
        l0,
        three_lgs_mode=row.lasers < len(LASERS),
        verbose=False,
    )[0]
    made = images(package, spectrum, wavelengths_nm)
    return np.asarray(package.convolve_final_psf(wavelengths_nm, seeing, ground, l0, made))


def load_package() -> ModuleType:
    """Return muse-psfr, which stays quiet."""
    package_version()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import muse_psfr
    except ImportError as error:
        raise ConfigurationError(
            f"muse-psfr is installed but cannot be imported ({error}): "
            "pip install 'aomuse[psfr]' into a new environment"
        ) from error
    # It sets up a log of its own on standard output.
    logging.getLogger("muse_psfr").setLevel(logging.ERROR)
    module: ModuleType = muse_psfr
    return module
