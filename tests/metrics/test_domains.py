"""Each metric in each mode and for each PSF model: a number where it holds, else that reason."""

from typing import Any

import numpy as np
import pytest

from aomuse.metrics import METRICS, Metric
from aomuse.metrics.compute import ExposureInputs, exposure_metrics
from aomuse.metrics.compute_fits import FitInputs, fit_metrics
from aomuse.metrics.compute_lasers import laser_metrics
from aomuse.metrics.lasers import LaserSamples
from aomuse.metrics.metric import WAVELENGTHS_NM

MODES = ("WFM-AO-N", "WFM-AO-E", "WFM-NOAO-N", "WFM-NOAO-E", "NFM-AO-N", None)

#: What MUSE's modes allow, by what a metric is made from.
WIDE_AO = ("sparta_iq_los", "iq_los")
AO = (
    *("laser", "strehl", "r0_", "l0_", "lgs_seeing", "sparta_", "lasers_on"),
    *("ttfree", "degraded", "ngs_flux"),
)
ANYWHERE = {"sparta_ground_layer_mean", "sparta_fwhm_gain_mean"}
LIGHT = ("half_light_radius", "ee_500mas")
MAOPPY = {"r0": 0.2, "bck": 0.01, "amp": 1.0, "alpha": 0.06, "beta": 1.6}


def holds(metric: Metric, mode: str | None, model: str | None) -> bool:
    """Tell whether a current metric holds, by rules that are not those of the registry."""
    name = mode or ""
    if metric.name.startswith(WIDE_AO):
        return name.startswith("WFM-AO")
    if metric.name in ANYWHERE:
        return True
    if metric.name.startswith(AO):
        return name.startswith(("WFM-AO", "NFM"))
    if metric.name.startswith(LIGHT):
        return (name[:3], model) in {("WFM", "moffat"), ("NFM", "maoppy")}
    if metric.grain == "psf_fit":
        return model == "moffat"
    return True


def telemetry() -> LaserSamples:
    """Give four samples of a laser in a good night."""
    return LaserSamples(np.arange(4) * 30.0, *np.full((4, 5), (0.12, 20.0, 0.8, 10.0, 0.6)).T)


def of_exposure(**row: Any) -> dict[Any, Any]:
    laser = telemetry()
    beside = (laser.ground_layer, np.full(4, 1.5))
    return exposure_metrics(ExposureInputs(row, 7, laser.r0_m, laser.l0_m, {1: laser}, *beside))


def computed(grain: str, mode: str | None, model: str | None = None) -> dict[Any, Any]:
    if grain == "psf_fit":
        values = {"fwhm": 3.0, "beta": 2.5, "e": 0.1} if model == "moffat" else MAOPPY
        parameters = {(name, nm): v for name, v in values.items() for nm in WAVELENGTHS_NM}
        layers = {nm: float(nm) for nm in WAVELENGTHS_NM}
        return fit_metrics(FitInputs(0.2, str(model), parameters, layers, mode))
    if grain == "laser":
        return laser_metrics(telemetry(), 60.0, mode)
    numbers = {"exposure_time_s": 60.0, "ground_layer_fraction": 0.5, "tau0_s": 0.004}
    ends = ("airmass_start", "airmass_end", "seeing_start_arcsec", "seeing_end_arcsec")
    numbers |= dict.fromkeys(ends, 1.0)
    states = {f"lgs{n}_simulated": False for n in range(1, 5)} | {"tip_tilt_loop": False}
    return of_exposure(instrument_mode=mode, ngs_flux=100.0, **numbers, **states)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("grain", "model"),
    [("exposure", None), ("laser", None), ("psf_fit", "moffat"), ("psf_fit", "maoppy")],
)
def test_every_metric_in_every_mode(grain, model, mode):
    found = computed(grain, mode, model)
    metrics = [metric for metric in METRICS if metric.grain == grain]
    assert found.keys() == {(metric.name, metric.version) for metric in metrics}
    for metric in metrics:
        value = found[metric.name, metric.version]
        if metric.version == "corrected":
            wanted = float if holds(metric, mode, model) else str
            assert isinstance(value, wanted), (metric.name, value)
        elif model != "maoppy":
            # What was stored before keeps its number and its meaning: it knew no domains.
            assert isinstance(value, float), (metric.name, metric.version)


def test_the_reason_is_the_mode_the_profile_or_a_range():
    for mode, name, reason in (
        ("NFM-AO-N", "iq_los_700nm", "it holds for WFM-AO only, and the mode is NFM-AO-N"),
        ("WFM-NOAO-N", "sparta_iq_los_500nm", "it holds for WFM-AO only, and the mode is"),
        (None, "sparta_iq_los_500nm_nogain", "it holds for WFM-AO only, and the mode is unknown"),
        ("WFM-NOAO-E", "ttfree", "it holds for WFM-AO, NFM only, and the mode is WFM-NOAO-E"),
    ):
        assert computed("exposure", mode)[name, "corrected"].startswith(reason)
    light = ("ee_500mas_700nm", "corrected")
    narrow = computed("psf_fit", "NFM-AO-N", "moffat")[light]
    assert narrow == "a moffat profile describes WFM only, and the mode is NFM-AO-N"
    other = fit_metrics(FitInputs(0.2, "gauss", instrument_mode="WFM-AO-N"))[light]
    assert other == "it holds for the PSF model moffat, maoppy only, not for gauss"
    found = of_exposure(instrument_mode="WFM-AO-N", ground_layer_fraction=1.5)
    assert found["iq_los_700nm", "corrected"] == "glf is 1.5, outside of 0 <= glf <= 1"
    assert isinstance(found["sparta_iq_los_500nm_nogain", "corrected"], float)


def test_the_registry_says_where_each_holds():
    rows = {(m.name, m.version): m.row for m in METRICS}
    quality = rows["iq_los_900nm", "corrected"]
    assert (quality["modes"], quality["lasers"]) == ("WFM-AO", "on")
    assert quality["ranges"] == "0 < r0 <= 0.9 m; 0 < L0 <= 100 m; 0 <= glf <= 1"
    assert rows["iq_los_900nm", "legacy"]["loop_state"] == "open"
    assert rows["ee_500mas_900nm", "corrected"]["models"] == "moffat in WFM, maoppy in NFM"
    assert rows["strehl_mean", "corrected"]["ranges"] == "0 <= Strehl ratio <= 90 %"
    # Every metric is current in exactly one version, and numbers are never given again.
    assert {m.name for m in METRICS if m.version == "corrected"} == {m.name for m in METRICS}
    assert len({metric.id for metric in METRICS}) == len(METRICS)
    assert {(m.id, m.name) for m in METRICS if m.version == "corrected-1"} >= {
        *((12, "sparta_iq_los_500nm"), (29, "iq_los_900nm"), (80, "ee_500mas_500nm")),
        *((15, "lasers_on"), (110, "strehl_mean")),
    }
    assert all(len(text) <= 255 for m in METRICS for text in (m.formula, m.citation, m.inputs))
