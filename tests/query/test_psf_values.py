"""Each bit of db.psf(), of rows made for it: what is expected stands here."""

import pandas as pd
import pytest
from warehouse import execute, insert, scalar

NAN, INF = float("nan"), float("inf")
THIRD, LARGE, TINY = 1 / 3, 1.7976931348623157e308, 5e-324

#: The wavelength of each layer of two analyses: some are unknown, some layers are missing.
WAVELENGTHS = ({0: 475.0, 1: 475.125, 2: 475.25, 3: 475.375}, {0: 475.0, 2: None, 3: 0.0, 7: 476.0})
#: Stored values, by parameter and layer.
STORED = (
    {
        "fwhm": {0: THIRD, 1: None, 2: LARGE, 3: 0.0},
        "beta": {0: TINY, 1: 0.0, 2: -TINY, 3: None},
        # An infinity that somebody has written over, and one whose row is gone.
        "theta": {0: 2.5, 2: -1e-9, 9: 7.0},
    },
    {"fwhm": {0: 1.5, 2: 2.5, 3: None, 7: 3.5}, "odd name": {7: None, 3: 0.1}, "layer": {3: 4.0}},
)
SPECIAL = (
    {"fwhm/1": "+inf", "fwhm/3": "-0.0", "beta/3": "-inf", "theta/0": "-inf", "theta/1": "+inf"},
    {"odd name/7": "-inf"},
)
#: Layers and parameters of the frames.
LAYERS = ([0, 1, 2, 3], [0, 2, 3, 7])
SHOWN = (
    {
        "fwhm": [THIRD, INF, LARGE, -0.0],
        "beta": [TINY, 0.0, -TINY, -INF],
        "theta": [2.5, NAN, -1e-9, NAN],
    },
    {
        "fwhm": [1.5, 2.5, NAN, 3.5],
        "odd name": [NAN, NAN, 0.1, -INF],
        "layer_2": [NAN, NAN, 4.0, NAN],
    },
)


@pytest.fixture
def fits(night, engine):
    """Give two analyses other layers and parameters; return their numbers."""
    fits = list(dict.fromkeys(night.db.psf()["psf_fit_id"].tolist()))
    execute(engine, *(f"DELETE FROM {t}" for t in ("psf_parameter", "source_sample", "psf_layer")))
    for number, wavelengths, stored, special in zip(
        fits, WAVELENGTHS, STORED, SPECIAL, strict=True
    ):
        fit = {"psf_fit_id": number}
        layers = [fit | {"layer": i, "wavelength_nm": nm} for i, nm in wavelengths.items()]
        insert(engine, "psf_layer", *layers)
        cells = [(name, *cell) for name, own in stored.items() for cell in own.items()]
        rows = [fit | {"parameter": p, "layer": i, "value": value} for p, i, value in cells]
        insert(engine, "psf_parameter", *rows[::-1])
        owner = scalar(engine, "SELECT exposure_id FROM psf_fit WHERE id = :n", n=number)
        of = {"exposure_id": owner, "table_name": "psf_parameter", "column_name": "value"}
        places = [{"row_key": f"{number}/{key}", "value": v} for key, v in special.items()]
        insert(engine, "special_value", *(of | place for place in places))
    return fits


def bits(values):
    """Return doubles as texts that tell each of them from all others."""
    return [float(value).hex() for value in values]


def check(frame, fits, shown=SHOWN, layers=LAYERS):
    names = [name for name in frame.columns[5:] if name != "fwhm_arcsec"]
    assert frame["psf_fit_id"].tolist() == [
        f for f, of in zip(fits, layers, strict=True) for _ in of
    ]
    assert frame["layer"].tolist() == [layer for of in layers for layer in of]
    for fit, own, found in zip(fits, layers, shown, strict=True):
        rows = frame[frame["psf_fit_id"] == fit]
        for name in names:
            assert bits(rows[name]) == bits(found.get(name, [NAN] * len(own))), (fit, name)


def test_each_bit_comes_back(night, fits, engine):
    frame = night.db.psf()
    names = ["fwhm", "beta", "theta", "layer_2", "odd name", "fwhm_arcsec"]
    assert list(frame.columns[5:]) == names
    check(frame, fits)
    waves = [475.0, 475.125, 475.25, 475.375, 475.0, NAN, 0.0, 476.0]
    assert bits(frame["wavelength_nm"]) == bits(waves)
    check(pd.concat(list(night.db.psf(chunk_rows=3))), fits)
    check(night.db.psf("odd name", "beta"), fits)
    # Whatever order SQLite reads them in: this index has the values from the largest down.
    columns = "psf_fit_id, parameter, value DESC, layer"
    execute(engine, f"CREATE INDEX other ON psf_parameter ({columns})")
    check(night.db.psf(), fits)


def test_each_bit_of_some_wavelengths(night, fits):
    frame = night.db.psf("theta", "odd name", wavelength=(475.2, 476.5))
    some = ({"theta": SHOWN[0]["theta"][2:]}, {"odd name": SHOWN[1]["odd name"][3:]})
    check(frame, fits, some, ([2, 3], [7]))


def test_layers_may_lie_far_apart(night, fits, engine):
    far = 2_000_000_000
    layer = {"psf_fit_id": fits[1], "layer": far}
    insert(engine, "psf_layer", layer)
    insert(engine, "psf_parameter", layer | {"parameter": "fwhm", "value": 8.5})
    last = {"fwhm": 8.5}
    more = {name: [*own, last.get(name, NAN)] for name, own in SHOWN[1].items()}
    check(night.db.psf(), fits, (SHOWN[0], more), (LAYERS[0], [*LAYERS[1], far]))
