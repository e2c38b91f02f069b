"""Each formula against values worked out by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aomuse.metrics import METRICS, atmosphere
from aomuse.metrics.compute import ExposureInputs, exposure_metrics
from aomuse.metrics.compute_fits import FitInputs, fit_metrics
from aomuse.metrics.lasers import LaserSamples
from aomuse.metrics.psf import encircled_energy, half_light_radius, moffat_alpha
from aomuse.metrics.values import or_reason


def close(value: float) -> Any:
    return pytest.approx(value, rel=2e-5)


def test_seeing_outer_scale_and_gain():
    # 1.5^0.6 = 1.275424
    assert atmosphere.seeing_in_line_of_sight(0.8, 1.5) == close(1.020339)
    # 500 nm / 10 cm = 5e-6 rad = 1.031324 arcsec
    assert atmosphere.seeing_of_r0(0.1) == close(0.976 * 1.031324)
    assert atmosphere.seeing_of_r0(0.1, legacy=True) == close(1.028 * 1.031324)
    assert atmosphere.kolb_factor(46) == pytest.approx(-0.981644, abs=5e-7)
    # 300 * 8 / 24 = 100
    assert atmosphere.kolb_factor(24, legacy=True) == close(-0.99)
    for ground_layer_fraction, gain in ((0, 1.09), (0.5, 1.17375), (1, 2.48)):
        assert atmosphere.ao_gain(ground_layer_fraction) == close(gain)


def test_image_quality():
    # s = 1.028 * 500 nm / 24 cm = 0.441750 arcsec, 0.01^0.356 = 0.194089,
    # 1 - 0.99 * 2.183 * 0.194089 = 0.580541, its root 0.761932
    assert atmosphere.image_quality(0.24, 24, legacy=True) == close(0.336584)
    assert atmosphere.image_quality(0.24, 24, 2.0, legacy=True) == close(0.168292)
    # A root of a negative number is none: r0 = L0 gives 1 - 0.99 * 2.183.
    assert atmosphere.image_quality(24, 24, legacy=True) == 0
    assert atmosphere.image_quality_with_muse(0.4, 500) == close(0.544885)
    assert atmosphere.image_quality_with_muse(0.4, 500, legacy=True) == close(0.531507)
    # (500 / 900)^0.2 = 0.889100
    assert atmosphere.image_quality_with_muse(0.4, 900) == close(0.458890)


def test_moffat():
    # beta = 2: alpha = fwhm / (2 sqrt(sqrt 2 - 1)), and half of the light is within alpha.
    assert moffat_alpha(1.287189, 2) == close(1.0)
    assert encircled_energy(1.0, 1.287189, 2) == close(0.5)
    assert half_light_radius(1.287189, 2) == close(1.0)
    # beta = 3: 1 - (1 + 3)^-2
    assert encircled_energy(3**0.5 * moffat_alpha(0.7, 3), 0.7, 3) == close(15 / 16)


ROW: dict[str, float | bool | str | None] = {
    "instrument_mode": "WFM-AO-N",
    "seeing_start_arcsec": 0.7,
    "seeing_end_arcsec": 0.9,
    "airmass_start": 1.4,
    "airmass_end": 1.6,
    "tau0_s": 0.004,
    "ground_layer_fraction": 0.5,
    "ngs_flux": 120.0,
    "tip_tilt_loop": False,
    **{f"lgs{laser}_simulated": False for laser in range(1, 5)},
}


def facts(r0: list[float], l0: list[float], **row: float | bool | str | None) -> ExposureInputs:
    """Give inputs with the samples of one laser."""
    columns = [np.array(values, dtype=float) for values in (r0, l0)]
    unknown = np.full(len(r0), np.nan)
    laser = LaserSamples(unknown, *columns, unknown, unknown, unknown)
    return ExposureInputs(ROW | row, 7, *columns, {1: laser} if r0 else {})


def test_what_sparta_reports_beside_r0():
    unknown = exposure_metrics(facts([0.2], [24]))
    none = exposure_metrics(facts([], []))
    for name in ("sparta_ground_layer_mean", "sparta_fwhm_gain_mean"):
        assert "no sample has r0 and" in unknown[name, "corrected"]
        assert none[name, "corrected"] == "there is no SPARTA_ATM_DATA"
    # The second sample is of a laser that is off, and the third and fourth do not tell the gain.
    given = replace(
        facts([0.2, 0.0, 0.2, 0.2], [24, 0, 24, 24]),
        ground_layer=np.array([0.5, 0.9, 0.7, np.nan]),
        fwhm_gain=np.array([1.4, 9.0, 0.0, np.nan]),
    )
    found = exposure_metrics(given)
    assert found["sparta_ground_layer_mean", "corrected"] == close(0.6)
    assert found["sparta_fwhm_gain_mean", "corrected"] == 1.4


def test_an_exposure():
    found = exposure_metrics(facts([0.24, 0.24], [24, 24]))
    assert found["seeing", "corrected"] == close(0.8)
    assert found["airmass", "corrected"] == close(1.5)
    assert found["seeing_los", "corrected"] == close(1.020339)
    assert found["num_sources", "corrected"] == 7
    assert found["ttfree", "legacy"] == found["ttfree", "corrected"] == 1
    assert found["degraded", "corrected"] == 0
    assert found["sparta_iq_los_500nm_nogain", "legacy"] == close(0.336584)
    assert found["sparta_iq_los_500nm", "legacy"] == close(0.336584 / 1.17375)
    # s = 0.976 / 1.028 of the legacy one; F = 1 / (1 + 102.5) - 1 = -0.990338
    natural = 0.419406 * (1 - 0.990338 * 2.183 * 0.194089) ** 0.5
    for version in ("corrected-1", "corrected"):
        assert found["sparta_iq_los_500nm_nogain", version] == close(natural)
        assert found["sparta_iq_los_500nm", version] == close(natural / 1.17375)
    # At 900 nm 0.889090 of the seeing, 1.285443 of the outer scale's term and 0.293653 by MUSE.
    red = 0.419406 * 0.889090 * (1 - 0.990338 * 2.183 * 0.194089 * 1.285443) ** 0.5 / 1.17375
    assert found["iq_los_900nm", "corrected"] == close((red**2 + 0.293653**2) ** 0.5)
    before = natural / 1.17375 * 0.889090
    assert found["iq_los_900nm", "corrected-1"] == close((before**2 + 0.29**2) ** 0.5)


def test_lasers_that_are_off():
    found = exposure_metrics(facts([0.24, 0.0, np.nan, -1.0], [24, 0.0, 24, 24]))
    alone = exposure_metrics(facts([0.24], [24]))
    for name in (("sparta_iq_los_500nm", "corrected-1"), ("sparta_iq_los_500nm", "corrected")):
        assert found[name] == alone[name]
    # The legacy mean of r0 is (0.24 + 0 - 1) / 3.
    assert found["sparta_iq_los_500nm", "legacy"] == "the mean of r0 or L0 is not positive"
    off = exposure_metrics(facts([0.0, 0.0], [0.0, 0.0]))
    assert off["sparta_iq_los_500nm", "corrected-1"] == "no laser has r0 and L0"
    assert off["sparta_iq_los_500nm", "corrected"] == "no laser is on"


def test_what_is_not_known_has_a_reason():
    row = {"instrument_mode": "WFM-AO-N"}
    found = exposure_metrics(ExposureInputs(row, None, np.empty(0), np.empty(0)))
    assert [name for name in found if not isinstance(found[name], str)] == [("degraded", "legacy")]
    assert found["seeing_los", "corrected"] == "seeing_start_arcsec is unknown"
    assert found["sparta_iq_los_500nm", "corrected"] == "there is no SPARTA_ATM_DATA"
    below = exposure_metrics(facts([0.24], [24], airmass_start=-3.0))
    assert below["seeing_los", "corrected"] == "air mass is -0.7, outside of 0 < air mass"
    closed = exposure_metrics(facts([0.24], [24], tip_tilt_loop=True))
    assert closed["sparta_iq_los_500nm", "legacy"] == "the tip-tilt loop is closed"
    assert isinstance(closed["sparta_iq_los_500nm", "corrected"], float)
    unknown = exposure_metrics(facts([0.24], [24], lgs2_simulated=None))
    assert unknown["degraded", "legacy"] == 1
    assert unknown["degraded", "corrected"] == "the state of a laser is unknown"
    assert exposure_metrics(facts([], [], lgs3_simulated=True))["degraded", "corrected"] == 1


def test_what_nobody_foresaw_is_a_reason_and_stops_nothing():
    found = or_reason("exposure", exposure_metrics, facts([0.24], [24], tau0_s="4 ms"))
    why = "it could not be computed: TypeError: must be real number, not str"
    assert found == {(m.name, m.version): why for m in METRICS if m.grain == "exposure"}
    # NaN and infinity are foreseen.
    unknown = {"seeing_end_arcsec": np.nan, "tau0_s": np.inf}
    odd = exposure_metrics(facts([np.nan, np.inf, 0.24], [24, 24, 24], **unknown))
    assert odd["seeing_los", "corrected"] == "seeing_end_arcsec is unknown"
    assert odd["tau0", "corrected"] == "tau0_s is unknown"
    assert odd["sparta_r0_mean", "corrected"] == 0.24
    assert odd["glf", "corrected"] == 0.5


def test_an_analysis():
    parameters = {("fwhm", 500): 3.0, ("beta", 500): 2.0, ("e", 500): 0.1, ("fwhm", 600): 3.0}
    more = parameters | {("beta", 600): 1.0}
    found = fit_metrics(FitInputs(0.2, "moffat", more, instrument_mode="WFM-AO-N"))
    assert found["fwhm_500nm", "corrected"] == close(0.6)
    assert found["half_light_radius_500nm", "corrected"] == close(0.6 / 1.287189)
    # alpha = 0.466132, and 1 - 1 / (1 + (0.5 / alpha)^2)
    assert found["ee_500mas_500nm", "corrected"] == close(0.535012)
    assert found["half_light_radius_600nm", "corrected"] == "beta is 1, outside of 1 < beta"
    assert found["half_light_radius_500nm", "corrected-1"] == close(0.6 / 1.287189)
    assert found["ellipticity_600nm", "corrected"] == "no e at 600 nm"
    unknown = fit_metrics(FitInputs(None, "moffat", parameters))
    assert unknown["fwhm_500nm", "corrected"] == "the mode does not tell the pixel scale"
