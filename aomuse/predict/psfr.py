"""The reconstruction itself, by the public package muse-psfr."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

import numpy as np
from astropy.io import fits
from astropy.table import Table

from aomuse.errors import ConfigurationError

PACKAGE = "muse-psfr"

#: Every 50 nm of the range in which the package's model of MUSE's own share holds.
WAVELENGTHS_NM = (500.0, 550.0, 600.0, 650.0, 700.0, 750.0, 800.0, 850.0, 900.0)


@dataclass(frozen=True)
class Reconstruction:
    """The Moffat PSF of one exposure by wavelength, and what it was made from.

    ``row_count`` rows of the telemetry were used; seeing, ground layer and outer scale are means
    over lasers and rows.
    """

    row_count: int
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
    table: Table, wavelengths_nm: Sequence[float] = WAVELENGTHS_NM, workers: int = 1
) -> Reconstruction | None:
    """Reconstruct the WFM-AO PSF from SPARTA_ATM_DATA; None where no sample can be used.

    Fusco et al. 2020, A&A 635, A208: the power spectrum of the corrected phase from seeing, ground
    layer fraction and outer scale, with MUSE's own PSF.
    """
    package = _import()
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.table_to_hdu(table)])
    hdus[1].name = "SPARTA_ATM_DATA"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = package.compute_psf_from_sparta(
            hdus, lbda=np.asarray(wavelengths_nm, dtype=float), n_jobs=workers, verbose=False
        )
    if result is None:
        return None
    mean, rows = result["FIT_MEAN"], result["FIT_ROWS"]
    return Reconstruction(
        row_count=len(set(rows.data["row_idx"].tolist())),
        seeing_arcsec=float(mean.header["SEEING"]),
        ground_layer_fraction=float(mean.header["GL"]),
        l0_m=float(mean.header["L0"]),
        wavelength_nm=tuple(mean.data["lbda"].tolist()),
        fwhm_arcsec=tuple(mean.data["fwhm"][:, 0].tolist()),
        beta=tuple(mean.data["n"].tolist()),
    )


def _import() -> ModuleType:
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
