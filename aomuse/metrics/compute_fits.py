"""All metrics of an analysis; a value or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from aomuse.metrics import maoppy
from aomuse.metrics.cuts import BETA, FWHM
from aomuse.metrics.metric import (
    CURRENT,
    EE_RADIUS_ARCSEC,
    SUPERSEDED,
    WAVELENGTHS_NM,
    Metrics,
    MetricValue,
)
from aomuse.metrics.psf import encircled_energy, half_light_radius
from aomuse.metrics.values import in_range, of, within_domain
from aomuse.muse.psf_models import is_maoppy

_NO_WAVELENGTH = "no layer has a wavelength near it"


@dataclass(frozen=True)
class FitInputs:
    """What an analysis's metrics are made from: parameters by name and wavelength in nm.

    ``layer_nm`` has the wavelength of the layer that is nearest to each of the wavelengths.
    """

    pixel_arcsec: float | None
    model: str
    parameters: Mapping[tuple[str, int], float | None] = field(default_factory=dict)
    layer_nm: Mapping[int, float] = field(default_factory=dict)
    instrument_mode: str | None = None

    def parameter(self, name: str, wavelength_nm: int) -> MetricValue:
        """Return a parameter in the layer nearest to a wavelength."""
        value = self.parameters.get((name, wavelength_nm))
        if value is None or not math.isfinite(value):
            return f"no {name} at {wavelength_nm} nm"
        return float(value)


def fit_metrics(inputs: FitInputs) -> Metrics:
    """Return the metrics of an analysis by name and version."""
    scale: MetricValue = inputs.pixel_arcsec or "the mode does not tell the pixel scale"
    metrics: Metrics = {}
    for nm in WAVELENGTHS_NM:
        fwhm = of(lambda pixels, arcsec: pixels * arcsec, inputs.parameter("fwhm", nm), scale)
        beta = inputs.parameter("beta", nm)
        metrics |= {
            (f"fwhm_{nm}nm", CURRENT): fwhm,
            (f"beta_{nm}nm", CURRENT): beta,
            (f"ellipticity_{nm}nm", CURRENT): inputs.parameter("e", nm),
        }
        moffat = _of_moffat(fwhm, beta)
        light = _of_maoppy(inputs, nm) if is_maoppy(inputs.model) else moffat
        for version, (radius, energy) in ((SUPERSEDED, moffat), (CURRENT, light)):
            metrics[f"half_light_radius_{nm}nm", version] = radius
            metrics[f"ee_500mas_{nm}nm", version] = energy
    return within_domain(metrics, inputs.instrument_mode, inputs.model)


def _of_moffat(fwhm: MetricValue, beta: MetricValue) -> tuple[MetricValue, MetricValue]:
    """Return half-light radius, arcsec, and encircled energy of a Moffat profile."""
    width, exponent = in_range(fwhm, FWHM), in_range(beta, BETA)
    return (
        of(half_light_radius, width, exponent),
        of(encircled_energy, EE_RADIUS_ARCSEC, width, exponent),
    )


def _of_maoppy(inputs: FitInputs, nm: int) -> tuple[MetricValue, MetricValue]:
    """Return half-light radius, arcsec, and encircled energy of a MAOPPY profile."""
    values = [inputs.parameter(name, nm) for name in maoppy.MaoppyProfile._fields]
    values[-1] = in_range(values[-1], BETA)
    layer: MetricValue = inputs.layer_nm.get(nm, _NO_WAVELENGTH)
    reasons = [value for value in (*values, layer) if isinstance(value, str)]
    if reasons:
        return reasons[0], reasons[0]
    numbers = [float(value) for value in values]
    if min(numbers[0], numbers[3]) <= 0 or min(numbers[1:3]) < 0:
        unphysical = "a parameter of the MAOPPY profile is negative"
        return unphysical, unphysical
    light = maoppy.light(maoppy.MaoppyProfile(*numbers), float(layer), EE_RADIUS_ARCSEC)
    return (
        of(lambda: light.half_light_radius_arcsec),
        of(lambda: light.encircled_energy),
    )
