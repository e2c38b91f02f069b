"""Golden rows of every table, from files that are small enough to check by eye."""

import datetime as dt
import zlib

import fits_factory as factory
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from fits_factory import Tree

from aomuse.discover import discover
from aomuse.exchange.frames import NormalizedExposure
from aomuse.normalize import normalize
from aomuse.read import read_exposure

Frames = dict[str, pd.DataFrame]


@pytest.fixture
def files(tree):
    files = tree.add(1)
    factory.write(files.raw, factory.raw(1, channels=2, full=True))
    return files


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Give the files of an exposure, which are only read."""
    files = Tree(tmp_path_factory.mktemp("night")).add(1)
    factory.write(files.raw, factory.raw(1, channels=2, full=True))
    return files


@pytest.fixture(scope="module")
def out(plain):
    return normalized(Tree(plain.raw.parents[1]))


def normalized(tree: Tree) -> NormalizedExposure:
    (found,) = discover([tree.root]).exposures
    return normalize(read_exposure(found))


def frames(out: NormalizedExposure) -> Frames:
    tables: dict[str, list[pd.DataFrame]] = {}
    for table, rows in out.frames:
        tables.setdefault(table, []).append(pd.DataFrame(rows))
    return {table: pd.concat(found, ignore_index=True) for table, found in tables.items()}


def row(frame: pd.DataFrame, **where: object) -> dict[str, object]:
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, where
    return {
        name: None if value is pd.NA or value is pd.NaT or value != value else value
        for name, value in frame.iloc[0].to_dict().items()
    }


def test_parents_come_before_children(out, plain):
    order = [table for table, _ in out.frames]
    assert order[:3] == ["source_file", "header", "header_card"]
    for parent, child in (
        ("psf_fit", "psf_layer"),
        ("psf_fit", "psf_parameter"),
        ("source", "source_sample"),
        ("source", "source_summary"),
        ("header", "table_value"),
        ("header", "sgs"),
    ):
        assert order.index(parent) < order.index(child)


def test_the_exposure(out, plain):
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


def test_a_file(out, plain):
    found = frames(out)["source_file"]
    assert found["role"].tolist() == list(factory.ROLES)
    psf, stat = row(found, role="psf"), plain.psf.stat()
    names = ("name", "path", "size_bytes", "mtime_ns", "outcome")
    expected = (plain.psf.name, str(plain.psf), stat.st_size, stat.st_mtime_ns, "loaded")
    assert tuple(psf[name] for name in names) == expected


def test_a_header(out, plain):
    tables = frames(out)
    found = row(tables["header"], extension_name="SPARTA_ATM_DATA")
    assert found["hdu_type"] == "binary_table"
    assert (found["dimensions"], found["table_row_count"]) == ("46 x 2", 2)
    images = zlib.decompress(found["card_images"])  # type: ignore[arg-type]
    assert images.startswith(b"XTENSION= 'BINTABLE'")
    assert len(images) % 80 == 0
    cards = tables["header_card"]
    mine = cards[cards["header"] == found["header"]]
    assert len(mine) == found["card_count"] == len(images) // 80
    assert row(tables["header"], extension_name="CHAN02")["table_row_count"] is None


#: Times of the second row of telemetry.
SECOND_ROW = {
    "time_sec": factory.NIGHT + 61,
    "time_usec": 1417,
    "time_utc": pd.Timestamp("2018-08-13T00:01:01.001417"),
}


def test_a_laser(out, plain):
    found = frames(out)["sparta_atm"]
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


def test_the_profile(out, plain):
    tables = frames(out)
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


def test_the_site_monitor(out, plain):
    tables = frames(out)
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
    assert "table_value" not in {
        place
        for layout in out.layouts.values()
        if layout.extension in {"ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA"}
        for place in layout.stored_in
    }, "every column of the real tables has a typed home"


def test_guiding_goes_into_the_column_store(out, plain):
    tables = frames(out)
    for table in ("sgs", "ag"):
        assert tables[table]["time_utc"].tolist() == [
            pd.Timestamp("2018-08-13T00:01:00.000417"),
            pd.Timestamp("2018-08-13T00:01:01.001417"),
            pd.Timestamp("2018-08-13T00:01:02.002417"),
        ]
    (layout,) = [v for v in out.layouts.values() if v.extension == "SGS_DATA"]
    assert [(f.name, f.format, f.unit) for f in layout.formats] == [
        ("Sec", "1J", "s"),
        ("USec", "1J", "us"),
        ("GUIDE FLUX", "1D", "adu"),
        ("NOTE", "8A", None),
    ]
    values = tables["table_value"]
    mine = values[values["layout"] == layout.fingerprint]
    flux = mine[mine["column_position"] == 3]
    assert flux["value_float"].tolist() == [0.0, 1 / 3, 2 / 3]
    note = mine[mine["column_position"] == 4]
    assert note["value_text"].tolist() == ["it's 0", "it's 1", "it's 2"]
    seconds = mine[mine["column_position"] == 1]
    assert seconds["value_int"].tolist() == [factory.NIGHT + 60 + i for i in range(3)]


def test_the_fit(out, plain):
    tables = frames(out)
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
        expected = {
            (name, layer): values[layer]
            for name, values in zip(table["name"], table["polyfit"], strict=True)
            for layer in range(5)
        }
    found = tables["psf_parameter"]
    assert {(r.parameter, r.layer): r.value for r in found.itertuples()} == expected


def test_a_source(out, plain):
    tables = frames(out)
    assert tables["source"]["pampelmuse_id"].tolist() == [3, 17]
    assert tables["source"]["sample_count"].tolist() == [5, 5]
    found = tables["source_sample"]
    with fits.open(plain.psf) as opened:
        for number in (3, 17):
            mine = found[found["pampelmuse_id"] == number]
            assert mine["layer"].tolist() == [0, 1, 2, 3, 4]
            for name in factory.SAMPLE_COLUMNS:
                np.testing.assert_array_equal(
                    mine[name].to_numpy(), opened[f"PM_{number}"].data[name].astype(np.float64)
                )
    # In the order of the key: layer by layer.
    assert found["layer"].tolist() == sorted(found["layer"])
    assert np.isnan(found["flux"].to_numpy()[8])


def test_summaries_are_numpys(out, plain):
    tables = frames(out)
    samples, summaries = tables["source_sample"], tables["source_summary"]
    assert len(summaries) == 2 * 6 * 2, "two windows have layers: all, and the first"
    for number in (3, 17):
        for quantity in factory.SAMPLE_COLUMNS:
            values = samples[samples["pampelmuse_id"] == number][quantity].to_numpy()
            for window in (1, 2):
                found = row(
                    summaries, pampelmuse_id=number, quantity=quantity, wavelength_window_id=window
                )
                assert found["sample_count"] == np.count_nonzero(~np.isnan(values))
                for name, expected in (
                    ("mean", np.nanmean(values)),
                    ("median", np.nanmedian(values)),
                    ("p10", np.nanpercentile(values, 10)),
                    ("p90", np.nanpercentile(values, 90)),
                    ("standard_deviation", np.nanstd(values)),
                    ("minimum", np.nanmin(values)),
                    ("maximum", np.nanmax(values)),
                ):
                    assert found[name] == pytest.approx(expected, rel=1e-12), name


# What a new epoch may bring


def add_column(hdus: fits.HDUList, extension: str, *columns: fits.Column) -> None:
    old = hdus[extension]
    new = fits.BinTableHDU.from_columns([*old.columns, *columns], name=extension)
    hdus[extension] = new


def stored(out: NormalizedExposure, extension: str, column: str) -> list[tuple[object, ...]]:
    values = frames(out)["table_value"]
    layouts = {v.fingerprint: v for v in out.layouts.values() if v.extension == extension}
    mine = values[values["layout"].isin(layouts)]
    places = {(k, f.position) for k, v in layouts.items() for f in v.formats if f.name == column}
    found = [r for r in mine.itertuples() if (r.layout, r.column_position) in places]
    values = [(r.value_float, r.value_int, r.value_text) for r in found]
    known = [next((v for v in row if not pd.isna(v)), None) for row in values]
    return [(r.row_index, r.element, v) for r, v in zip(found, known, strict=True)]


def test_a_column_that_nobody_knows(tree, files):
    """tests/verify/test_table_grid.py has those of every other kind."""
    column = fits.Column("x", "2D", array=[[1.0, 2.0], [3.0, 4.0]])
    factory.edit(files.raw, lambda hdus: add_column(hdus, "SPARTA_ATM_DATA", column))
    out = normalized(tree)
    found = [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 3.0), (1, 1, 4.0)]
    assert stored(out, "SPARTA_ATM_DATA", "x") == found
    assert len(frames(out)["sparta_atm"]) == 8


def test_columns_in_another_case(tree, files):
    hdus = factory.psf()
    for table in hdus[1:]:
        for name in list(table.columns.names):
            table.columns.change_name(name, name.upper())
    factory.write(files.psf, hdus)
    samples = frames(normalized(tree))["source_sample"]
    assert len(samples) == 10
    assert samples["snr"].notna().all()


def test_a_typed_column_of_another_type_is_kept_elsewhere(tree, files):
    def swap(hdus: fits.HDUList) -> None:
        old = hdus["ASM_DATA"]
        columns = [
            fits.Column("R0", "6A", array=["n/a", "0.1"]) if c.name == "R0" else c
            for c in old.columns
        ]
        hdus["ASM_DATA"] = fits.BinTableHDU.from_columns(columns, name="ASM_DATA")

    factory.edit(files.raw, swap)
    out = normalized(tree)
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


def test_columns_in_another_unit_are_kept_elsewhere(tree, files):
    def change(hdus: fits.HDUList) -> None:
        for extension, column, unit, *_ in UNITS:
            hdus[extension].columns[column].unit = unit

    factory.edit(files.raw, change)
    out = normalized(tree)
    issues = [issue.message for issue in out.issues if issue.code == "column_store"]
    for extension, column, unit, table, home, kept in UNITS:
        found = frames(out)[table]
        said = [text for text in issues if f"column {column} is kept in table_value" in text]
        assert len(said) == kept, column
        if kept:
            assert f"its unit is {unit}" in said[0]
            assert home not in found or found[home].isna().any()
            assert len(stored(out, extension, column)) == 2
        else:
            assert found[home].notna().all(), column
    assert len(issues) == 3


def test_a_fwhm_in_arcsec_is_not_one_in_pixels(tree, files):
    def change(hdus: fits.HDUList) -> None:
        hdus["PM_3"].columns["fwhm"].unit = "arcsec"
        hdus["PM_3"].columns["xc"].unit = "pix"

    factory.edit(files.psf, change)
    out = normalized(tree)
    (message,) = (issue.message for issue in out.issues if issue.code == "column_missing")
    assert message.startswith("1 of 2 sources have no column fwhm of one number a layer in pixels")
    samples = frames(out)["source_sample"]
    assert samples.loc[samples["pampelmuse_id"] == 3, "fwhm"].isna().all()
    assert samples.loc[samples["pampelmuse_id"] == 17, "fwhm"].notna().all()
    assert samples["xc"].notna().all()
    assert len(stored(out, "PM_", "fwhm")) == factory.LAYERS


def test_layouts_are_shared(tree, files):
    out = normalized(tree)
    sources = [layout for layout in out.layouts.values() if layout.extension == "PM_"]
    assert len(sources) == 1
    again = normalized(tree)
    assert out.layouts.keys() == again.layouts.keys()


def test_a_layout_that_differs_in_its_unit_is_another(tree, files):
    before = normalized(tree).layouts.keys()

    def change_unit(hdus: fits.HDUList) -> None:
        hdus["SGS_DATA"].columns["GUIDE FLUX"].unit = "electron"

    factory.edit(files.raw, change_unit)
    assert len(normalized(tree).layouts.keys() - before) == 1


STAMPS = {
    "2018-08-13T00:05:07.123456": "2018-08-13T00:05:07.123456",
    "2018-08-13T00:05:07.1": "2018-08-13T00:05:07.100000",
    "2018-08-13 00:05:07": "2018-08-13T00:05:07",
    "2018-12-31T23:59:59.999999": "2018-12-31T23:59:59.999999",
    "0001-01-01T00:00:00": None,
    "2018-02-30T00:00:00": None,
    "2018-08-13T24:00:01": None,
    "not a time": None,
    "": None,
}


def test_time_stamps(tree, files):
    def swap(hdus: fits.HDUList) -> None:
        hdus["ASM_DATA"] = fits.BinTableHDU.from_columns(
            [fits.Column("TIME_STAMP", "26A", array=list(STAMPS))], name="ASM_DATA"
        )

    factory.edit(files.raw, swap)
    found = frames(normalized(tree))["asm"]
    assert found["time_stamp"].tolist() == list(STAMPS)
    times = [None if pd.isna(time) else time for time in found["time_utc"]]
    assert times == [expected and pd.Timestamp(expected) for expected in STAMPS.values()]


def test_parameter_names_padded_with_blanks(tree, files):
    """As other writers than astropy pad them."""
    content = factory.to_bytes(factory.prm(parameters=("beta????????????", "fwhm????????????")))
    files.prm.write_bytes(content.replace(b"????????????", b" " * 12))
    tables = frames(normalized(tree))
    assert set(tables["psf_parameter"]["parameter"]) == {"beta", "fwhm"}
    assert tables["psf_fit"]["model"].tolist() == ["moffat"]


@pytest.mark.parametrize("layers", [1, 2, 3681])
def test_any_number_of_layers(layers, tree, files):
    factory.write(files.prm, factory.prm(layers=layers))
    factory.write(files.psf, factory.psf(layers=layers, sources=(1,)))
    tables = frames(normalized(tree))
    assert len(tables["source_sample"]) == layers
    assert len(tables["psf_parameter"]) == 4 * layers
    assert tables["psf_layer"]["wavelength_nm"].iloc[-1] == (
        (4.75e-7 + (layers - 1) * 1.25e-10) * 10**9
    )
