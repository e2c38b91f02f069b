"""Each bit of db.psf(), of rows that plain SQL has written: what is expected stands here."""

import pandas as pd
import pytest
from warehouse import execute

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
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    with engine.begin() as connection:

        def insert(table: str, names: str, rows: list[tuple[object, ...]]) -> None:
            marks = ", ".join([mark] * len(rows[0]))
            into = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            connection.exec_driver_sql(into, rows)

        for table in ("psf_parameter", "source_sample", "psf_layer"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        places = zip(fits, WAVELENGTHS, STORED, SPECIAL, strict=True)
        for fit, wavelengths, stored, special in places:
            exposure = f"SELECT exposure_id FROM psf_fit WHERE id = {fit}"
            owner = connection.exec_driver_sql(exposure).scalar_one()
            known = [(fit, layer, value) for layer, value in wavelengths.items()]
            insert("psf_layer", "psf_fit_id, layer, wavelength_nm", known)
            rows = [(fit, name, *cell) for name, own in stored.items() for cell in own.items()]
            insert("psf_parameter", "psf_fit_id, parameter, layer, value", rows[::-1])
            found = [(owner, f"{fit}/{key}", value) for key, value in special.items()]
            columns = "exposure_id, row_key, value, table_name, column_name"
            named = [(*row, "psf_parameter", "value") for row in found]
            insert("special_value", columns, named)
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
    assert list(frame.columns[5:]) == [
        "fwhm",
        "beta",
        "theta",
        "layer_2",
        "odd name",
        "fwhm_arcsec",
    ]
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
    some = (
        {"theta": SHOWN[0]["theta"][2:]},
        {"odd name": SHOWN[1]["odd name"][3:]},
    )
    check(frame, fits, some, ([2, 3], [7]))


def test_layers_may_lie_far_apart(night, fits, engine):
    far = 2_000_000_000
    with engine.begin() as connection:
        for table, names, cells in (
            ("psf_layer", "psf_fit_id, layer", ""),
            ("psf_parameter", "psf_fit_id, layer, parameter, value", ", 'fwhm', 8.5"),
        ):
            values = f"({fits[1]}, {far}{cells})"
            connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES {values}")
    last = {"fwhm": 8.5}
    more = {name: [*own, last.get(name, NAN)] for name, own in SHOWN[1].items()}
    check(night.db.psf(), fits, (SHOWN[0], more), (LAYERS[0], [*LAYERS[1], far]))
