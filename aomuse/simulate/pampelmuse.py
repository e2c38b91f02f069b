"""The two PampelMuse files of an exposure: PSF parameters and fits star by star."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from aomuse.simulate import sky
from aomuse.simulate.atmosphere import Series
from aomuse.simulate.hdus import SimulatedColumn, image, primary, table
from aomuse.simulate.headers import header_cards
from aomuse.simulate.observation import Observation
from aomuse.simulate.psf import in_notch
from aomuse.simulate.psf_images import RADII, psf_images
from aomuse.simulate.stars import Stars, signal_to_noise, spectrum

_RESIDUAL_REFRACTION = 0.08  # what the pipeline's correction leaves


class Fit:
    """What PampelMuse would find in a cube, with noise and failures.

    The PSF is fitted to the brightest stars, and spectra are extracted of all.
    """

    #: Profile that PampelMuse fits.
    profile: ClassVar[str] = "moffat"

    def __init__(
        self, observation: Observation, stars: Stars, psf_stars: int, rng: np.random.Generator
    ) -> None:
        state = observation.state
        self.exposure = observation.exposure
        self.psf = observation.psf
        self.stars = stars
        self.wavelength = observation.wavelength
        self.rng = rng
        self._fitted = stars.brightest(psf_stars)
        mode = self.exposure.slot.mode
        self._blocked = in_notch(self.wavelength, mode)
        edge = in_notch(self.wavelength, mode, margin=6.0) & ~self._blocked
        self._transmission = np.where(edge, 0.04, 1.0)
        shift = sky.refraction(self.wavelength, float(state.airmass.mean()))
        shift = shift * _RESIDUAL_REFRACTION / self.exposure.pixel
        angle = np.radians(state.start.parallactic)
        self.shift_x: Series = shift * np.sin(angle)
        self.shift_y: Series = shift * np.cos(angle)

    def parameters(self) -> Iterator[bytes]:
        """Write the parameter file: SOURCES, SPECTRA, PSFPARS, POSPARS and POSITIONS."""
        yield self._primary("prm")
        yield table("SOURCES", self._source_columns())
        yield image("SPECTRA", self._spectra(), header_cards("spectra", {}, lambda: self.rng))
        yield table("PSFPARS", self._parameter_columns(self._curves(), 0.01))
        one, zero = np.ones_like(self.wavelength), np.zeros_like(self.wavelength)
        yield table("POSPARS", self._parameter_columns({
            "A": one, "B": zero, "C": zero, "D": one, "x0": self.shift_x, "y0": self.shift_y,
        }, 1e-4))  # fmt: skip
        yield table("POSITIONS", self._position_columns())

    def psf_stars(self) -> Iterator[bytes]:
        """Write the PSF file: a table ``PM_<id>`` a PSF star, in catalogue order.

        Every fourth exposure was analysed with a version that adds profiles and images.
        """
        images = self.exposure.index % 4 == 3
        yield self._primary("psf", RADII if images else None)
        code = "E" if self.exposure.index % 3 == 1 else "D"
        upper = self.exposure.index % 4 == 2
        for i in self._fitted:
            columns = [
                SimulatedColumn(name.upper() if upper else name, code, values)
                for name, values in self._fit(i).items()
            ]
            identifier = self.stars.identifier[i]
            yield table(f"PM_{identifier}", columns)
            if images:
                yield from psf_images(int(identifier), self.psf, self.wavelength)

    def _curves(self) -> dict[str, Series]:
        """Return the parameters of the PSF, a value a layer, by PampelMuse's names."""
        psf = self.psf
        return {"beta": psf.beta, "fwhm": psf.fwhm, "e": psf.e, "theta": psf.theta}

    def _shapes(self, noise: NDArray[np.float64]) -> dict[str, Series]:
        """Return what is fitted to a star alone, given relative errors of shape (2, layers)."""
        return {
            "fwhm": self.psf.fwhm * (1.0 + 0.6 * noise[0]),
            "beta": self.psf.beta * (1.0 + 0.8 * noise[1]),
        }

    def _light(self, i: int) -> tuple[Series, Series]:
        """Return flux and signal-to-noise ratio of a star."""
        flux = spectrum(self.stars.magnitude[i], self.stars.temperature[i], self.wavelength)
        ratio = signal_to_noise(flux, self.wavelength, self.psf.fwhm, self.exposure)
        return flux, self._transmission * ratio

    def _fit(self, i: int) -> dict[str, Series]:
        stars, rng, layers = self.stars, self.rng, len(self.wavelength)
        flux, snr = self._light(i)
        # Bounds on the parameters keep fits of the faintest stars from running away.
        noise = rng.standard_normal((5, layers)) / np.maximum(snr, 3.0)
        fitted: dict[str, Series] = {
            "snr": snr * (1.0 + 0.02 * rng.standard_normal(layers)),
            "flux": flux * (1.0 + noise[0]),
            **self._shapes(noise[1:3]),
            "xc": stars.x[i] + self.shift_x + 0.5 * self.psf.fwhm * noise[3],
            "yc": stars.y[i] + self.shift_y + 0.5 * self.psf.fwhm * noise[4],
        }
        failed = self._blocked | (rng.random(layers) < 0.002 + np.exp(-snr / 1.5))
        for name, values in fitted.items():
            values[self._blocked if name in {"snr", "flux"} else failed] = np.nan
        return fitted

    def _spectra(self) -> NDArray[np.float32]:
        """Return a cube of layers, flux and its uncertainty, and sources, at least one."""
        count = len(self.stars.x)
        spectra = np.full((len(self.wavelength), 2, max(count, 1)), np.nan, np.float32)
        for i in range(count):
            flux, snr = self._light(i)
            spectra[:, 0, i], spectra[:, 1, i] = flux, flux / snr
        spectra[self._blocked] = np.nan
        return spectra

    def _parameter_columns(
        self, curves: dict[str, Series], scatter: float
    ) -> list[SimulatedColumn]:
        smooth = np.array(list(curves.values()))
        raw = smooth + scatter * self.rng.standard_normal(smooth.shape)
        raw[:, self._blocked] = np.nan
        vector = f"{len(self.wavelength)}D"
        return [
            # Public tools take the values from the second column, whatever its name.
            SimulatedColumn("name", "8A", list(curves)),
            SimulatedColumn("fit", vector, raw),
            SimulatedColumn("polyfit", vector, smooth),
            SimulatedColumn("free", "L", [key not in {"e", "theta", "B", "C"} for key in curves]),
            SimulatedColumn(
                "order", "I", [5 if key in {"fwhm", "x0", "y0"} else 3 for key in curves]
            ),
        ]

    def _source_columns(self) -> list[SimulatedColumn]:
        stars = self.stars
        return [
            SimulatedColumn("id", "J", stars.identifier),
            SimulatedColumn("status", "J", stars.status(self._fitted)),
            SimulatedColumn("specrow", "J", np.arange(len(stars.x))),
            SimulatedColumn("ra", "D", stars.ra, "deg"),
            SimulatedColumn("dec", "D", stars.dec, "deg"),
            SimulatedColumn("x", "D", stars.x, "pix"),
            SimulatedColumn("y", "D", stars.y, "pix"),
            SimulatedColumn("mag", "E", stars.magnitude, "mag"),
        ]

    def _position_columns(self) -> list[SimulatedColumn]:
        """Return each star's place as polynomials of the wavelength in um, from 0.7 on."""
        stars, from_reference = self.stars, (self.wavelength - 700.0) / 1000.0
        degree = min(2, len(self.wavelength) - 1)
        columns = [SimulatedColumn("id", "J", stars.identifier)]
        for name, places, shift in (("x", stars.x, self.shift_x), ("y", stars.y, self.shift_y)):
            curve = np.zeros(3)
            curve[: degree + 1] = np.polyfit(from_reference, shift, degree)[::-1]
            values = np.tile(curve, (len(places), 1))
            values[:, 0] += places
            columns.append(SimulatedColumn(name, "3D", values, "pix"))
        return columns

    def _primary(self, file: str, pixels: NDArray[np.float32] | None = None) -> bytes:
        values = {"exposure": self.exposure, "profile": self.profile, "file": file}
        return primary(header_cards("pampelmuse", values, lambda: self.rng), pixels)
