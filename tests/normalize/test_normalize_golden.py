"""Golden rows of every table, from files that are small enough to check by eye."""

import datetime as dt
import itertools
import zlib
from collections.abc import Callable
from pathlib import Path

import fits_factory as factory
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from fits_factory import Files, Tree

from aomuse.discover import discover
from aomuse.exchange.frames import NormalizedExposure
from aomuse.normalize import normalize
from aomuse.read import read_exposure

Frames = dict[str, pd.DataFrame]


def add_full(tree: Tree) -> Files:
    """Add an exposure whose telemetry has all columns of the real tables."""
    files = tree.add(1)
    factory.write(files.raw, factory.raw(1, channels=2, full=True))
    return files


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Give the files of a full exposure, which are only read."""
    return add_full(Tree(tmp_path_factory.mktemp("night")))


@pytest.fixture(scope="module")
def out(plain):
    return normalized(plain)


@pytest.fixture(scope="module")
def tables(out):
    return frames(out)


@pytest.fixture
def files(tree):
    return tree.add(1)


def normalized(files: Files) -> NormalizedExposure:
    (found,) = discover([files.raw.parents[1]]).exposures
    return normalize(read_exposure(found))


def frames(out: NormalizedExposure) -> Frames:
    tables: dict[str, list[pd.DataFrame]] = {}
    for table, rows in out.frames:
        tables.setdefault(table, []).append(pd.DataFrame(rows))
    return {table: pd.concat(found, ignore_index=True) for table, found in tables.items()}


def row(frame: pd.DataFrame, **where: object) -> dict[str, object]:
    """Give the one row that has these values."""
    for column, value in where.items():
        frame = frame[frame[column] == value]
    (found,) = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return found


def test_parents_come_before_children(out):
    order = [table for table, _ in out.frames]
    assert order[:3] == ["source_file", "header", "header_card"]
    for parent, children in {
        "psf_fit": ("psf_layer", "psf_parameter"),
        "source": ("source_sample", "source_summary"),
        "header": ("table_value", "sgs"),
    }.items():
        assert all(order.index(parent) < order.index(child) for child in children), parent


def test_the_exposure(out):
    assert out.archive_id == "MUSE.2018-08-13T00:01:07.123"
    assert out.target == "NGC 3201 p1"
    known = {name: value for name, value in out.exposure.items() if value is not None}
    assert known == {
        "archive_id": "MUSE.2018-08-13T00:01:07.123",
        "raw_file": "MUSE.2018-08-13T00:01:07.123.fits.fz",
        "instrument_mode": "WFM-AO-N",
        "date_obs_utc": dt.datetime(2018, 8, 13, 0, 1, 7, 123000),
        "mjd_obs": 58343.0 + 1 / 1440,
        "exposure_time_s": 600.0,
        "ra_deg": 154.4,
        "dec_deg": -46.4,
        "object_name": "NGC 3201",
        "ob_id": 200001,
        "seeing_start_arcsec": 0.75,
        "seeing_end_arcsec": 0.5,
        "tip_tilt_loop": True,
    }


def test_a_file(tables, plain):
    found = tables["source_file"]
    assert found["role"].tolist() == list(factory.ROLES)
    psf, stat = row(found, role="psf"), plain.psf.stat()
    names = ("name", "path", "size_bytes", "mtime_ns", "outcome")
    expected = (plain.psf.name, str(plain.psf), stat.st_size, stat.st_mtime_ns, "loaded")
    assert tuple(psf[name] for name in names) == expected


def test_a_header(tables):
    found = row(tables["header"], extension_name="SPARTA_ATM_DATA")
    assert found["hdu_type"] == "binary_table"
    assert (found["dimensions"], found["table_row_count"]) == ("46 x 2", 2)
    images = zlib.decompress(found["card_images"])  # type: ignore[arg-type]
    assert images.startswith(b"XTENSION= 'BINTABLE'")
    mine = np.count_nonzero(tables["header_card"]["header"] == found["header"])
    assert mine == found["card_count"] == len(images) / 80
    assert row(tables["header"], extension_name="CHAN02")["table_row_count"] is None


#: Times of the second row of telemetry.
SECOND_ROW = {
    "time_sec": factory.NIGHT + 61,
    "time_usec": 1417,
    "time_utc": pd.Timestamp("2018-08-13T00:01:01.001417"),
}


def test_a_laser(tables):
    found = tables["sparta_atm"]
    assert len(found) == 2 * 4
    names = "r0_m l0_m seeing_arcsec fwhm_gain strehl turvar_res turvar_tot tur_alt tur_gnd"
    quantities = [*names.split(), "slope_rms_x", "slope_rms_y"]
    assert row(found, row_index=1, lgs=3) == {
        "row_index": 1,
        "lgs": 3,
        **SECOND_ROW,
        **{name: 3 + place / 16 + 1 / 128 for place, name in enumerate(quantities)},
    }
    off = row(found, row_index=0, lgs=4)
    assert (off["r0_m"], off["strehl"]) == (0.0, 0.0), "zeros are what the file has"


def test_the_profile(tables):
    assert row(tables["sparta_cn2"], row_index=1) == {
        "row_index": 1,
        **SECOND_ROW,
        "l0_total_m": 1.0,
        "r0_total_m": 1.25,
        "seeing_total_arcsec": 1.5,
    }
    layers = tables["sparta_cn2_layer"]
    assert len(layers) == 2 * 8
    last = row(layers, row_index=1, layer=8)
    values = [last[name] for name in ("cn2", "cn2_fraction", "l0_m", "altitude")]
    assert values == [8 + place / 8 + 1 / 64 for place in range(4)]


def test_the_site_monitor(out, tables):
    found = row(tables["asm"], row_index=1)
    assert found["time_stamp"] == "2018-08-13T00:01:01.000417"
    assert found["time_utc"] == pd.Timestamp("2018-08-13T00:01:01.000417")
    homes = {
        "wind_direction_10m_deg": "ASM_WINDDIR_10",
        "wind_direction_30m_deg": "ASM_WINDDIR_30",
        "wind_speed_10m_m_s": "ASM_WINDSPEED_10",
        "wind_speed_30m_m_s": "ASM_WINDSPEED_30",
        "flux_rms": "ASM_RFLRMS",
        "mass_ground_layer_fraction": "MASS_FRACGL",
        "slodar_fraction_300m": "SLODAR_FRACGL_300",
        "slodar_fraction_500m": "SLODAR_FRACGL_500",
        "tau0": "ASM_TAU0",
        "ia_fwhm_linear_arcsec": "IA_FWHMLIN",
        "ia_fwhm_linear_observed_arcsec": "IA_FWHMLINOBS",
        "slodar_total_cn2": "SLODAR_TOTAL_CN2",
        "r0": "R0",
        "ia_fwhm_arcsec": "IA_FWHM",
        "azimuth_deg": "AZ",
        "airmass": "AIRMASS",
        "dimm_seeing_arcsec": "DIMM_SEEING",
    }
    for column, name in homes.items():
        assert found[column] == factory.ASM_COLUMNS.index(name) + 1 / 32, column
    mass = tables["asm_mass_layer"]
    assert sorted(mass["layer"].unique()) == list(range(7))
    assert row(mass, row_index=0, layer=0)["turbulence"] is None, "NaN in the file"
    assert row(mass, row_index=1, layer=6)["turbulence"] == 16 + 1 / 32
    slodar = tables["asm_slodar_layer"]
    assert sorted(slodar["layer"].unique()) == list(range(2, 9))
    assert row(slodar, row_index=0, layer=2)["cn2"] == 17.0


def test_every_column_of_the_real_tables_has_a_typed_home(out):
    for layout in out.layouts.values():
        if layout.extension in {"ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA"}:
            assert "table_value" not in layout.stored_in, layout.extension


def test_guiding_goes_into_the_column_store(out, tables):
    times = [pd.Timestamp(f"2018-08-13T00:01:0{i}.00{i}417") for i in range(3)]
    assert tables["sgs"]["time_utc"].tolist() == tables["ag"]["time_utc"].tolist() == times
    (layout,) = [v for v in out.layouts.values() if v.extension == "SGS_DATA"]
    assert [(f.name, f.format, f.unit) for f in layout.formats] == [
        ("Sec", "1J", "s"),
        ("USec", "1J", "us"),
        ("GUIDE FLUX", "1D", "adu"),
        ("NOTE", "8A", None),
    ]
    values = tables["table_value"]
    by_column = values[values["layout"] == layout.fingerprint].groupby("column_position")
    assert by_column.get_group(1)["value_int"].tolist() == [factory.NIGHT + i for i in (60, 61, 62)]
    assert by_column.get_group(3)["value_float"].tolist() == [0.0, 1 / 3, 2 / 3]
    assert by_column.get_group(4)["value_text"].tolist() == ["it's 0", "it's 1", "it's 2"]


def test_the_fit(tables, plain):
    fit = row(tables["psf_fit"], fit=0)
    assert (fit["name"], fit["model"], fit["layer_count"]) == ("DATACUBE_0001", "moffat", 5)
    assert (fit["prm_file"], fit["psf_file"]) == (plain.prm.name, plain.psf.name)
    layers = tables["psf_layer"]
    assert layers["layer"].tolist() == [0, 1, 2, 3, 4]
    assert layers["wavelength_nm"].tolist() == [(4.75e-7 + i * 1.25e-10) * 10**9 for i in range(5)]
    first, second = layers["wavelength_nm"][:2]
    assert (fit["first_wavelength_nm"], fit["wavelength_step_nm"]) == (first, second - first)
    with fits.open(plain.prm) as opened:
        table = opened["PSFPARS"].data
        expected = dict(zip(table["name"], table["polyfit"].tolist(), strict=True))
    by_parameter = tables["psf_parameter"].sort_values("layer").groupby("parameter")
    assert by_parameter["layer"].agg(list).tolist() == [[0, 1, 2, 3, 4]] * len(expected)
    assert by_parameter["value"].agg(list).to_dict() == expected


def test_a_source(tables, plain):
    assert tables["source"]["pampelmuse_id"].tolist() == [3, 17]
    assert tables["source"]["sample_count"].tolist() == [5, 5]
    found, columns = tables["source_sample"], list(factory.SAMPLE_COLUMNS)
    with fits.open(plain.psf) as opened:
        for number in (3, 17):
            mine, values = found[found["pampelmuse_id"] == number], opened[f"PM_{number}"].data
            assert mine["layer"].tolist() == [0, 1, 2, 3, 4]
            np.testing.assert_array_equal(mine[columns].T, [values[name] for name in columns])
    # In the order of the key: layer by layer.
    assert found["layer"].tolist() == sorted(found["layer"])
    assert np.isnan(found["flux"].to_numpy()[8])


def test_summaries_are_numpys(tables):
    samples, summaries = tables["source_sample"], tables["source_summary"]
    # Two windows have layers: all, and the first.
    each = list(itertools.product((3, 17), factory.SAMPLE_COLUMNS, (1, 2)))
    assert len(summaries) == len(each)
    for number, quantity, window in each:
        values = samples[samples["pampelmuse_id"] == number][quantity].to_numpy()
        found = row(summaries, pampelmuse_id=number, quantity=quantity, wavelength_window_id=window)
        assert found["sample_count"] == np.count_nonzero(~np.isnan(values))
        expected = {
            "mean": np.nanmean(values),
            "median": np.nanmedian(values),
            "p10": np.nanpercentile(values, 10),
            "p90": np.nanpercentile(values, 90),
            "standard_deviation": np.nanstd(values),
            "minimum": np.nanmin(values),
            "maximum": np.nanmax(values),
        }
        assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)


# What a new epoch may bring


def set_columns(
    path: Path, extension: str, change: Callable[[list[fits.Column]], list[fits.Column]]
) -> None:
    def edit(hdus: fits.HDUList) -> None:
        columns = change(list(hdus[extension].columns))
        hdus[extension] = fits.BinTableHDU.from_columns(columns, name=extension)

    factory.edit(path, edit)


def set_units(path: Path, *units: tuple[str, str, str]) -> None:
    """Set the unit of columns, each by its extension and name."""

    def edit(hdus: fits.HDUList) -> None:
        for extension, column, unit in units:
            hdus[extension].columns[column].unit = unit

    factory.edit(path, edit)


def stored(out: NormalizedExposure, extension: str, column: str) -> list[tuple[object, ...]]:
    """Give row, element and value of what the column store has of a column."""
    places = {
        (fingerprint, form.position)
        for fingerprint, layout in out.layouts.items()
        if layout.extension == extension
        for form in layout.formats
        if form.name == column
    }
    found = []
    for r in frames(out)["table_value"].itertuples():
        if (r.layout, r.column_position) in places:
            values = (r.value_float, r.value_int, r.value_text)
            known = next((value for value in values if not pd.isna(value)), None)
            found.append((r.row_index, r.element, known))
    return found


def test_a_column_that_nobody_knows(files):
    """tests/verify/test_table_grid.py has those of every other kind."""
    column = fits.Column("x", "2D", array=[[1.0, 2.0], [3.0, 4.0]])
    set_columns(files.raw, "SPARTA_ATM_DATA", lambda old: [*old, column])
    out = normalized(files)
    found = [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 3.0), (1, 1, 4.0)]
    assert stored(out, "SPARTA_ATM_DATA", "x") == found
    assert len(frames(out)["sparta_atm"]) == 4


def test_columns_in_another_case(files):
    psf = factory.psf()
    for table in psf[1:]:
        for name in list(table.columns.names):
            table.columns.change_name(name, name.upper())
    factory.write(files.psf, psf)
    samples = frames(normalized(files))["source_sample"]
    assert len(samples) == 10
    assert samples["snr"].notna().all()


def test_a_typed_column_of_another_type_is_kept_elsewhere(tree):
    files, text = add_full(tree), fits.Column("R0", "6A", array=["n/a", "0.1"])
    set_columns(files.raw, "ASM_DATA", lambda old: [text if c.name == "R0" else c for c in old])
    out = normalized(files)
    assert stored(out, "ASM_DATA", "R0") == [(0, 0, "n/a"), (1, 0, "0.1")]
    assert "r0" not in frames(out)["asm"] or frames(out)["asm"]["r0"].isna().all()
    assert "column_store" in {issue.code for issue in out.issues}


#: Extension, column and its unit; table and column that it would go to, and whether it does not.
UNITS = [
    ("SPARTA_ATM_DATA", "LGS1_R0", "cm", "sparta_atm", "r0_m", True),
    ("SPARTA_ATM_DATA", "LGS1_L0", "m", "sparta_atm", "l0_m", False),
    ("SPARTA_ATM_DATA", "LGS1_SEEING", "none", "sparta_atm", "seeing_arcsec", False),
    ("SPARTA_CN2_DATA", "seeingTot", "mas", "sparta_cn2", "seeing_total_arcsec", True),
    ("SPARTA_CN2_DATA", "ALT1", "m", "sparta_cn2_layer", "altitude", False),
    ("SPARTA_CN2_DATA", "L0_ALT1", "km", "sparta_cn2_layer", "l0_m", True),
    ("ASM_DATA", "ASM_TAU0", "ms", "asm", "tau0", False),
]


def test_columns_in_another_unit_are_kept_elsewhere(tree):
    files = add_full(tree)
    set_units(files.raw, *(case[:3] for case in UNITS))
    out = normalized(files)
    tables = frames(out)
    issues = [issue.message for issue in out.issues if issue.code == "column_store"]
    for extension, column, unit, table, home, kept in UNITS:
        said = [text for text in issues if f"column {column} is kept in table_value" in text]
        assert len(said) == kept, column
        if kept:
            assert f"its unit is {unit}" in said[0]
            assert home not in tables[table] or tables[table][home].isna().any()
            assert len(stored(out, extension, column)) == 2
        else:
            assert tables[table][home].notna().all(), column
    assert len(issues) == 3


def test_a_fwhm_in_arcsec_is_not_one_in_pixels(files):
    set_units(files.psf, ("PM_3", "fwhm", "arcsec"), ("PM_3", "xc", "pix"))
    out = normalized(files)
    (message,) = (issue.message for issue in out.issues if issue.code == "column_missing")
    assert message.startswith("1 of 2 sources have no column fwhm of one number a layer in pixels")
    samples = frames(out)["source_sample"]
    assert samples.loc[samples["pampelmuse_id"] == 3, "fwhm"].isna().all()
    assert samples.loc[samples["pampelmuse_id"] == 17, "fwhm"].notna().all()
    assert samples["xc"].notna().all()
    assert len(stored(out, "PM_", "fwhm")) == factory.LAYERS


def test_layouts_are_shared_until_a_unit_differs(files):
    layouts = normalized(files).layouts
    assert [layout.extension for layout in layouts.values()].count("PM_") == 1
    assert normalized(files).layouts.keys() == layouts.keys()
    set_units(files.raw, ("SGS_DATA", "GUIDE FLUX", "electron"))
    assert len(normalized(files).layouts.keys() - layouts.keys()) == 1


def test_parameter_names_padded_with_blanks(files):
    """As other writers than astropy pad them."""
    content = factory.to_bytes(factory.prm(parameters=("beta????????????", "fwhm????????????")))
    files.prm.write_bytes(content.replace(b"????????????", b" " * 12))
    tables = frames(normalized(files))
    assert set(tables["psf_parameter"]["parameter"]) == {"beta", "fwhm"}
    assert tables["psf_fit"]["model"].tolist() == ["moffat"]


@pytest.mark.parametrize("layers", [1, 2, 3681])
def test_any_number_of_layers(layers, files):
    factory.write(files.prm, factory.prm(layers=layers))
    factory.write(files.psf, factory.psf(layers=layers, sources=(1,)))
    tables = frames(normalized(files))
    assert (len(tables["source_sample"]), len(tables["psf_parameter"])) == (layers, 4 * layers)
    last = (4.75e-7 + (layers - 1) * 1.25e-10) * 10**9
    assert tables["psf_layer"]["wavelength_nm"].iloc[-1] == last
