"""Windows of wavelength against values worked out by hand."""

import numpy as np
import pytest

from aomuse.metrics.windows import corrected_windows, earlier_windows, legacy_windows, window_edges


def test_edges():
    # int(3681 / 10) = 368, and the last edge is the last layer.
    assert window_edges(3681) == [368 * i for i in range(11)]
    assert window_edges(24) == list(range(0, 24, 2))
    assert window_edges(7) == list(range(7))
    assert window_edges(0) == []


#: 41 layers from 500 nm in steps of 5 nm: edges every 4 layers, 20 nm, from 500 to 700 nm.
WAVELENGTHS = 500.0 + 5.0 * np.arange(41)
SQUARES = {"fwhm": np.arange(41.0) ** 2}


def test_legacy_takes_the_edges():
    windows = legacy_windows(WAVELENGTHS, SQUARES)
    # The edges 580 and 600 nm lie in the notch: windows 560-580, 580-600 and 600-620 are dropped.
    assert [window.index for window in windows] == [0, 1, 2, 6, 7, 8, 9]
    first = windows[0]
    assert (first.first_layer, first.last_layer, first.layer_count) == (0, 4, 2)
    assert first.wavelength_nm == 510.0
    assert first.parameters["fwhm"].mean == 8.0
    assert first.parameters["fwhm"].median is None
    # Layers 36 and 40: (1296 + 1600) / 2.
    assert windows[-1].parameters["fwhm"].mean == 1448.0


def test_windows_before_took_all_layers_but_one_notch():
    windows = earlier_windows(WAVELENGTHS, SQUARES)
    # Layers 16-19 are 580 to 595 nm, all in the notch: window 4 is left out.
    assert [window.index for window in windows] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    first = windows[0]
    assert (first.first_layer, first.last_layer, first.layer_count) == (0, 3, 4)
    assert first.wavelength_nm == 507.5
    # 0 1 4 9
    found = first.parameters["fwhm"]
    assert (found.mean, found.median, found.minimum, found.maximum) == (3.5, 2.5, 0.0, 9.0)
    assert found.standard_deviation == pytest.approx(12.25**0.5)
    # 560 to 575 nm are before the notch; of 600 to 615 nm the first layer is within.
    assert (windows[3].first_layer, windows[3].layer_count) == (12, 4)
    assert (windows[4].first_layer, windows[4].layer_count) == (21, 3)
    # The layer at the last edge belongs to the last window: layers 36 to 40.
    assert (windows[-1].first_layer, windows[-1].last_layer) == (36, 40)


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
    for window in both:
        assert not 575.5 < window.wavelength_nm < 600.8
    # Without adaptive optics there is no notch; a cube from red to blue is the same backwards.
    assert [w.layer_count for w in corrected_windows(long, {}, "WFM-NOAO-N")] == [7] * 10
    assert [w.layer_count for w in corrected_windows(long[::-1], {}, "WFM-AO-E")] == [
        w.layer_count for w in reversed(both)
    ]


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
