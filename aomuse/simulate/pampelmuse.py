"""The two PampelMuse files of an exposure: PSF parameters and fits source by source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from aomuse.simulate import sky, stars
from aomuse.simulate.atmosphere import Series
from aomuse.simulate.cards import card, commentary
from aomuse.simulate.conditions import Conditions
from aomuse.simulate.hdus import Column, image, primary, table
from aomuse.simulate.plan import iso
from aomuse.simulate.psf import FIRST_WAVELENGTH, STEP, Profile, in_notch

_RESIDUAL_REFRACTION = 0.08  # what the pipeline's correction leaves


class Fit:
    """What PampelMuse would find in a cube.

    Parameters
    ----------
    state : Conditions
        The exposure's conditions.
    shape : Profile
        The PSF.
    field : Stars
        The stars.
    wavelength : ndarray
        Wavelengths in nm.
    rng : Generator
        Draws noise and failures.
    """

    #: Profile that PampelMuse fits.
    model: ClassVar[str] = "moffat"

    def __init__(
        self,
        state: Conditions,
        shape: Profile,
        field: stars.Stars,
        wavelength: Series,
        rng: np.random.Generator,
    ) -> None:
        self.exposure = state.exposure
        self.shape = shape
        self.field = field
        self.wavelength = wavelength
        self.rng = rng
        self._blocked = in_notch(wavelength) & self.exposure.adaptive
        edge = in_notch(wavelength, margin=6.0) & ~self._blocked & self.exposure.adaptive
        self._transmission = np.where(edge, 0.04, 1.0)
        shift = sky.refraction(wavelength, float(state.airmass.mean()))
        shift = shift * _RESIDUAL_REFRACTION / self.exposure.pixel
        angle = np.radians(state.start.parallactic)
        self.shift_x: Series = shift * np.sin(angle)
        self.shift_y: Series = shift * np.cos(angle)

    def parameters(self) -> Iterator[bytes]:
        """Write the HDUs of the parameter file.

        Yields
        ------
        bytes
            PRIMARY, SPECTRA (layers x 1 x sources), PSFPARS, POSPARS and SOURCES.
        """
        yield primary(self._primary_cards("prm"))
        yield image("SPECTRA", self._spectra(), _spectral_axis())
        yield table("PSFPARS", self._fitted("name", self._curves(), 0.01))
        one, zero = np.ones_like(self.wavelength), np.zeros_like(self.wavelength)
        yield table("POSPARS", self._fitted("name", {
            "A": one, "B": zero, "C": zero, "D": one, "x0": self.shift_x, "y0": self.shift_y,
        }, 1e-4))  # fmt: skip
        yield table("SOURCES", self._sources())

    def _curves(self) -> dict[str, Series]:
        """Return the parameters of the PSF, a value a layer, by PampelMuse's names."""
        shape = self.shape
        return {"beta": shape.beta, "fwhm": shape.fwhm, "e": shape.e, "theta": shape.theta}

    def _shapes(self, noise: NDArray[np.float64]) -> dict[str, Series]:
        """Return what is fitted to a source alone, given relative errors of shape (2, layers)."""
        return {
            "fwhm": self.shape.fwhm * (1.0 + 0.6 * noise[0]),
            "beta": self.shape.beta * (1.0 + 0.8 * noise[1]),
        }

    def sources(self) -> Iterator[bytes]:
        """Write the HDUs of the source file.

        Yields
        ------
        bytes
            PRIMARY and one table ``PM_<id>`` a source, in catalogue order.
        """
        yield primary(self._primary_cards("psf"))
        code = "E" if self.exposure.index % 3 == 1 else "D"
        upper = self.exposure.index % 4 == 2
        for i, identifier in enumerate(self.field.identifier):
            columns = [
                Column(name.upper() if upper else name, code, values)
                for name, values in self._source(i).items()
            ]
            yield table(f"PM_{identifier}", columns)

    def _source(self, i: int) -> dict[str, Series]:
        field, rng, layers = self.field, self.rng, len(self.wavelength)
        flux = stars.spectrum(field.magnitude[i], field.temperature[i], self.wavelength)
        snr = self._transmission * stars.signal_to_noise(
            flux, self.wavelength, self.shape.fwhm, self.exposure
        )
        # Bounds on the parameters keep fits of the faintest stars from running away.
        noise = rng.standard_normal((5, layers)) / np.maximum(snr, 3.0)
        found: dict[str, Series] = {
            "snr": snr * (1.0 + 0.02 * rng.standard_normal(layers)),
            "flux": flux * (1.0 + noise[0]),
            **self._shapes(noise[1:3]),
            "xc": field.x[i] + self.shift_x + 0.5 * self.shape.fwhm * noise[3],
            "yc": field.y[i] + self.shift_y + 0.5 * self.shape.fwhm * noise[4],
        }
        failed = self._blocked | (rng.random(layers) < 0.002 + np.exp(-snr / 1.5))
        for name, values in found.items():
            values[self._blocked if name in {"snr", "flux"} else failed] = np.nan
        return found

    def _spectra(self) -> NDArray[np.float32]:
        count = max(len(self.field.identifier), 1)
        spectra = np.full((len(self.wavelength), 1, count), np.nan, np.float32)
        for i, (magnitude, temperature) in enumerate(
            zip(self.field.magnitude, self.field.temperature, strict=True)
        ):
            flux = stars.spectrum(magnitude, temperature, self.wavelength)
            spectra[:, 0, i] = np.where(self._blocked, np.nan, flux)
        return spectra

    def _fitted(self, name: str, curves: dict[str, Series], scatter: float) -> list[Column]:
        smooth = np.array(list(curves.values()))
        raw = smooth + scatter * self.rng.standard_normal(smooth.shape)
        raw[:, self._blocked] = np.nan
        vector = f"{len(self.wavelength)}D"
        return [
            Column(name, "8A", list(curves)),
            Column("free", "L", [key not in {"e", "theta", "B", "C"} for key in curves]),
            Column("order", "I", [5 if key in {"fwhm", "x0", "y0"} else 3 for key in curves]),
            Column("fit", vector, raw),
            Column("polyfit", vector, smooth),
        ]

    def _sources(self) -> list[Column]:
        field = self.field
        faint = field.magnitude > np.median(field.magnitude) if len(field.x) else field.x > 0
        return [
            Column("id", "J", field.identifier),
            Column("ra", "D", field.ra, "deg"),
            Column("dec", "D", field.dec, "deg"),
            Column("x", "D", field.x, "pix"),
            Column("y", "D", field.y, "pix"),
            Column("mag", "E", field.magnitude, "mag"),
            Column("status", "10A", np.where(faint, "resolved", "psf star")),
        ]

    def _primary_cards(self, kind: str) -> list[str]:
        exposure = self.exposure
        return [
            card("DATE", iso(exposure.end)[:19], "fit finished"),
            card("CUBE", f"{exposure.product_name}.fits", "cube that was fitted"),
            card("PAMPELMUSE GLOBAL PREFIX", exposure.product_name, "start of the file names"),
            card("PAMPELMUSE PSF PROFILE", self.model, "analytic PSF"),
            card("PAMPELMUSE PSFFIT", 4, "level of the PSF fit"),
            commentary("HISTORY", f"{kind} file written after the last iteration"),
        ]


def _spectral_axis() -> list[str]:
    return [
        card("CTYPE3", "WAVE", "layers run along the wavelength"),
        card("CUNIT3", "m", "wavelengths in metres"),
        card("CRPIX3", 1.0, "first layer"),
        card("CRVAL3", FIRST_WAVELENGTH, "[m] wavelength of the first layer"),
        card("CDELT3", STEP, "[m] from layer to layer"),
        card("BUNIT", "10**(-20)*erg/s/cm**2/Angstrom", "flux density"),
    ]
