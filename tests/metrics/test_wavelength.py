"""What depends on the wavelength, and its windows, by hand and by the physics behind it."""

import numpy as np
import pytest

from aomuse.metrics import wavelength
from aomuse.metrics.windows import corrected_windows, earlier_windows, legacy_windows, window_edges

ARCSEC_IN_RADIAN = 206264.806


def test_r0_and_the_outer_scale_go_with_the_wavelength():
    # 1.8^1.2 = 2.024543
    assert wavelength.fried_parameter(0.2, 900) == pytest.approx(0.4049086, rel=1e-6)
    assert wavelength.fried_parameter([0.1, 0.2], 500).tolist() == [0.1, 0.2]
    # The outer scale matters more in the red.
    # F = 1/(1 + 300 * 8.2 / 20) - 1 = -0.99193548.
    # 500 nm: (0.15/20)^0.356 = 0.1751950, 1 - 0.99193548 * 2.183 * 0.1751950 = 0.6206335.
    assert wavelength.outer_scale_factor(0.15, 20) == pytest.approx(0.7878030, rel=1e-6)
    # 900 nm: 0.1751950 * 1.8^(1.2 * 0.356) = 0.1751950 * 1.2854430.
    assert wavelength.outer_scale_factor(0.15, 20, 900) == pytest.approx(0.7157838, rel=1e-6)
    # 500 nm / 0.15 m = 3.333e-6 rad = 0.6875494 arcsec, times 0.976 and 0.7878030; at 900 nm
    # the seeing has 1.8^-0.2 = 0.8890895 of that.
    assert wavelength.natural_image_quality(0.15, 20) == pytest.approx(0.5286537, rel=1e-6)
    assert wavelength.natural_image_quality(0.15, 20, 900) == pytest.approx(0.4270523, rel=1e-6)


@pytest.mark.parametrize("wavelength_nm", [480, 700, 930])
@pytest.mark.parametrize(("r0", "l0"), [(0.1, 25.0), (0.15, 20.0), (0.2, 16.0)])
def test_the_image_quality_is_that_of_von_karman_turbulence(r0, l0, wavelength_nm):
    """Tokovinin 2002 gives 1 % for his approximation; the factor for 8.2 m is below 1 %."""
    exact = half_maximum(r0 * (wavelength_nm / 500) ** 1.2, l0, wavelength_nm * 1e-9)
    found = wavelength.natural_image_quality(r0, l0, wavelength_nm)
    assert found == pytest.approx(exact, rel=0.025)
    # Scaled with the power -0.2 alone it would miss it at 930 nm.
    if wavelength_nm == 930:
        scaled = wavelength.natural_image_quality(r0, l0) * (500 / wavelength_nm) ** 0.2
        assert scaled > 1.05 * exact


def half_maximum(r0_m: float, l0_m: float, wavelength_m: float) -> float:
    """Give the FWHM of von Karman turbulence in a telescope without a limit, by integration."""
    baseline = np.linspace(1e-4, 8 * r0_m, 800)
    t = np.linspace(0, 12, 400)
    x = 2 * np.pi * baseline / l0_m
    # K(5/6, x), the modified Bessel function, as an integral.
    bessel = np.exp(-x[:, None] * np.cosh(t)) * np.cosh(5 / 6 * t)
    k = (bessel.sum(axis=1) - bessel[:, 0] / 2) * t[1]
    structure = 0.17166 * (l0_m / r0_m) ** (5 / 3) * (1.005635 - x ** (5 / 6) * k)
    transfer = np.exp(-structure / 2)
    phase = np.pi * (np.arange(100) + 0.5) / 100

    def intensity(arcsec: float) -> float:
        u = 2 * np.pi * arcsec / ARCSEC_IN_RADIAN / wavelength_m * baseline
        j0 = np.cos(u[:, None] * np.sin(phase)).mean(axis=1)
        return float(np.sum(transfer * j0 * baseline))

    low, high, half = 0.0, 3.0, intensity(0.0) / 2
    for _ in range(25):
        middle = (low + high) / 2
        low, high = (middle, high) if intensity(middle) > half else (low, middle)
    return 2 * low


def test_where_the_formula_does_not_hold():
    r0, l0 = [0.9, 0.15, 0.0, np.nan, 0.15], [0.9, 0.0, 20, 20, np.inf]
    found = wavelength.natural_image_quality(r0, l0)
    assert np.isnan(found[[0, 3]]).all()
    assert not np.isfinite(found[:4]).any()


def test_muse_has_a_share_without_a_step():
    # Fusco et al. 2020.
    shares = wavelength.muse_fwhm([480, 600, 700, 900])
    assert shares.tolist() == pytest.approx([0.351, 0.358, 0.337, 0.294], abs=5e-4)
    # The constant, and the sum of all coefficients.
    shares = wavelength.muse_fwhm([475, 935])
    assert shares.tolist() == pytest.approx([0.3485114, 0.2951000], abs=1e-6)
    assert np.isnan(wavelength.muse_fwhm([474.9, 935.1, np.nan])).all()
    steps = np.diff(wavelength.muse_fwhm(np.arange(475.0, 935.5, 0.5)))
    assert abs(steps).max() < 3e-4
    # 0.3 and 0.294 arcsec in quadrature.
    assert wavelength.with_muse(0.3, 900) == pytest.approx(0.41980, abs=1e-4)


def test_each_mode_has_its_notch():
    assert wavelength.notch_of("WFM-AO-N") == (580.5, 596.6)
    assert wavelength.notch_of("WFM-AO-E") == (575.5, 600.8)
    assert wavelength.notch_of("NFM-AO-N") == wavelength.notch_of("NFM") == (578.0, 605.0)
    assert wavelength.notch_of("WFM-NOAO-N") is wavelength.notch_of("WFM-NOAO-E") is None
    assert wavelength.notch_of(None) == (576.0, 605.0)
    inside = wavelength.in_notch([580.5, 580.6, 590, 596.6], (580.5, 596.6))
    assert inside.tolist() == [False, True, True, False]
    assert not wavelength.in_notch(np.array([590.0]), None).any()


def test_edges():
    # int(3681 / 10) = 368, and the last edge is the last layer.
    assert window_edges(3681) == [368 * i for i in range(11)]
    assert window_edges(24) == list(range(0, 24, 2))
    assert window_edges(7) == list(range(7))
    assert window_edges(0) == []


#: 41 layers from 500 nm in steps of 5 nm: edges every 4 layers, 20 nm, from 500 to 700 nm.
WAVELENGTHS = 500.0 + 5.0 * np.arange(41)
SQUARES = {"fwhm": np.arange(41.0) ** 2}


def spans(windows):
    return [(w.index, w.first_layer, w.last_layer, w.layer_count) for w in windows]


def test_legacy_takes_the_edges():
    windows = legacy_windows(WAVELENGTHS, SQUARES)
    # The edges 580 and 600 nm lie in the notch: windows 560-580, 580-600 and 600-620 are dropped.
    assert spans(windows) == [(i, 4 * i, 4 * i + 4, 2) for i in (0, 1, 2, 6, 7, 8, 9)]
    assert windows[0].wavelength_nm == 510.0
    assert windows[0].parameters["fwhm"].mean == 8.0
    assert windows[0].parameters["fwhm"].median is None
    # Layers 36 and 40: (1296 + 1600) / 2.
    assert windows[-1].parameters["fwhm"].mean == 1448.0


def test_windows_before_took_all_layers_but_one_notch():
    windows = earlier_windows(WAVELENGTHS, SQUARES)
    whole = [(i, 4 * i, 4 * i + 3, 4) for i in range(9)]
    # Layers 16-19 are 580 to 595 nm, all in the notch: window 4 is left out. Of 600 to 615 nm the
    # first layer is within. The layer at the last edge belongs to the last window.
    assert spans(windows) == [*whole[:4], (5, 21, 23, 3), *whole[6:], (9, 36, 40, 5)]
    assert windows[0].wavelength_nm == 507.5
    # 0 1 4 9
    found = windows[0].parameters["fwhm"]
    assert (found.mean, found.median, found.minimum, found.maximum) == (3.5, 2.5, 0.0, 9.0)
    assert found.standard_deviation == pytest.approx(12.25**0.5)


def test_a_window_on_both_sides_of_the_notch_of_its_mode_is_two():
    windows = corrected_windows(WAVELENGTHS, SQUARES, "WFM-AO-N")
    # 580.5 to 596.6 nm: of 580 to 595 nm only the first layer is outside.
    assert [window.index for window in windows] == list(range(10))
    assert [(w.first_layer, w.last_layer) for w in windows[3:6]] == [(12, 15), (16, 16), (20, 23)]
    # Seven layers a window, 560 to 595 and so on, of which the notch takes the middle.
    long = 535.0 + 2.5 * np.arange(70)
    both = corrected_windows(long, {}, "WFM-AO-E")
    sides = [(long[w.first_layer], long[w.last_layer]) for w in both]
    assert sides[1:5] == [(552.5, 567.5), (570, 575), (602.5, 602.5), (605, 620)]
    assert not any(575.5 < window.wavelength_nm < 600.8 for window in both)
    # Without adaptive optics there is no notch; a cube from red to blue is the same backwards.
    assert [w.layer_count for w in corrected_windows(long, {}, "WFM-NOAO-N")] == [7] * 10
    backwards = corrected_windows(long[::-1], {}, "WFM-AO-E")
    assert [w.layer_count for w in backwards] == [w.layer_count for w in both[::-1]]


def test_few_layers():
    assert legacy_windows(WAVELENGTHS[:9], {}) == []
    assert [w.layer_count for w in corrected_windows(WAVELENGTHS[:9], {}, None)] == [1] * 9
    assert [w.layer_count for w in corrected_windows(WAVELENGTHS[:1], {}, None)] == [1]
    assert corrected_windows(np.empty(0), {}, None) == []
    # A rest of half a window is one. 46 layers: edges 0 4 … 44, and layers 44 and 45 behind them.
    wavelengths = 700.0 + np.arange(46)
    assert corrected_windows(wavelengths, {}, None)[-1].first_layer == 44
    assert legacy_windows(wavelengths, {})[-1].last_layer == 44
    # 45 layers: one layer behind 44, less than half of 4.
    assert corrected_windows(wavelengths[:45], {}, None)[-1].first_layer == 40


def test_values_that_are_not_known():
    values = np.arange(41.0)
    values[[0, 5, 8, 9, 10, 11]] = np.nan
    parameters = {"fwhm": values, "beta": np.ones(41)}
    legacy = [w.parameters for w in legacy_windows(WAVELENGTHS, parameters)]
    assert [legacy[0]["fwhm"].mean, legacy[1]["fwhm"].mean] == [None, None]
    assert legacy[0]["beta"].mean == 1.0
    windows = corrected_windows(WAVELENGTHS, parameters, "WFM-AO-N")
    first, second, third = (window.parameters["fwhm"] for window in windows[:3])
    assert (first.mean, second.median, third) == (2.0, 6.0, (None,) * 5)
