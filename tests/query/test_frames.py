"""Frames against the files they came from, on both engines."""

import datetime as dt
from typing import Any

import fits_factory as factory
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from astropy.io import fits
from made_metrics import add_metrics
from warehouse import execute, exposure_id, query, scalar

CHILE = dt.timezone(dt.timedelta(hours=-4))
TIMED = ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA", "ASM_DATA", "SGS_DATA", "AG_DATA")


def as_list(values: Any) -> list[Any]:
    """Give values for a comparison in which NaN equals NaN."""
    return ["NaN" if isinstance(v, float) and np.isnan(v) else v for v in values]


def check(frame: pd.DataFrame, columns: dict[str, list[Any]]) -> None:
    """Compare the values of columns."""
    assert {name: as_list(frame[name]) for name in columns} == columns


def check_kinds(frame: pd.DataFrame, kinds: dict[str, str]) -> None:
    assert {name: str(frame.dtypes[name]) for name in kinds} == kinds


def columns_of(engine: sa.Engine, view: str) -> set[str]:
    return {column["name"] for column in sa.inspect(engine).get_columns(view)}


def test_exposures(night, engine):
    frame = night.db.exposures()
    ids = [exposure_id(engine, night.files[number].archive_id) for number in (1, 2)]
    begun = [pd.Timestamp(f"2018-08-13T00:0{number}:07.123", tz="UTC") for number in (1, 2)]
    columns = {
        "target": ["NGC 3201 p1", "NGC 3201 p2"],
        "exposure_id": ids,
        "date_obs_utc": begun,
        "night": [pd.Timestamp("2018-08-12")] * 2,
        "seeing_arcsec": [0.625, 1.25],
        "source_count": [2, 2],
        "airmass_start": ["NaN"] * 2,
        "airmass": ["NaN"] * 2,
        "archive_id": [night.files[number].archive_id for number in (1, 2)],
        "instrument_mode": ["WFM-AO-N", "NFM-AO-N"],
        "psf_fit_count": [1, 1],
        "open_issue_count": [2, 2],
    }
    check(frame, columns)
    kinds = {
        **dict.fromkeys(("exposure_id", "psf_fit_count"), "int64"),
        "ob_id": "Int64",
        "tip_tilt_loop": "boolean",
        "date_obs_utc": "datetime64[us, UTC]",
        "night": "datetime64[s]",
        "airmass": "float64",
        "target": "string",
    }
    check_kinds(frame, kinds)
    units = {"seeing_arcsec": "arcsec", "temperature_c": "deg_C", "wind_speed_m_s": "m / s"}
    assert units.items() <= frame.attrs["units"].items()
    assert "airmass" not in frame.attrs["units"]
    assert set(frame.columns) == columns_of(engine, "v_exposure")


#: What each filter leaves of the two exposures.
FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2]),
    ({"target": "NGC 3201 p2"}, [2]),
    ({"target": ["NGC 3201 p2", "NGC 3201 p1"]}, [1, 2]),
    ({"mode": "WFM"}, [1]),
    ({"mode": ("NFM-AO-N", "WFM-AO")}, [1, 2]),
    ({"start": "2018-08-13T00:01:07.123"}, [1, 2]),
    ({"start": "2018-08-13T00:01:07.124"}, [2]),
    ({"end": "2018-08-13T00:02:07.123"}, [1]),
    ({"end": "2018-08-13"}, []),
    ({"start": dt.datetime(2018, 8, 12, 20, 2, tzinfo=CHILE)}, [2]),
    ({"start": np.datetime64("2018-08-13T00:02")}, [2]),
    ({"exposures": "MUSE.2018-08-13T00:02:07.123.fits.fz"}, [2]),
    ({"exposures": ["MUSE.2018-08-13T00:02:07.123", "MUSE.2018-08-13T00:01:07.123"]}, [1, 2]),
    ({"metric": {"seeing": (None, 0.8)}}, [1]),
    ({"metric": {"seeing": (0.625, 1.25)}}, [1, 2]),
    ({"metric": {"seeing": 1.25}}, [2]),
    ({"metric": {"ttfree": False, "seeing": (1, None)}}, [2]),
    ({"metric": {"airmass": (None, None)}}, []),
    ({"metric": {"num_sources": (2, 2)}, "mode": "WFM"}, [1]),
    ({"target": "NGC 3201 p1", "mode": "NFM"}, []),
]


def test_filters(night):
    for filters, numbers in FILTERS:
        found = night.db.exposures(**filters)
        names = [night.files[number].archive_id for number in numbers]
        assert list(found["archive_id"]) == names, filters
        assert list(night.db.metrics(**filters)["exposure_id"]) == list(found["exposure_id"])
        layers = night.db.psf("fwhm", **filters)
        assert len(layers) == factory.LAYERS * len(numbers)
        assert set(layers["exposure_id"]) == set(found["exposure_id"])
        assert len(night.db.telemetry("AG_DATA", **filters)) == 3 * len(numbers)
        assert len(night.db.sources(**filters)) == 2 * factory.LAYERS * len(numbers)


def test_a_metric_of_an_analysis_filters_exposures(night, engine):
    execute(engine, "DELETE FROM psf_fit_metric")
    fit, owner = query(engine, "SELECT id, exposure_id FROM psf_fit ORDER BY id")[0]
    add_metrics(engine, "psf_fit", fit, fwhm_700nm=0.5)
    found = night.db.exposures(metric={"fwhm_700nm": (0.4, 0.6)})
    assert list(found["exposure_id"]) == [owner]
    assert night.db.exposures(metric={"fwhm_700nm": (0.6, None)}).empty


def test_numbers_of_exposures(night):
    first, second = night.db.exposures()["exposure_id"]
    assert list(night.db.exposures(exposures=second)["exposure_id"]) == [second]
    both = pd.Series([second, first])
    assert list(night.db.exposures(exposures=both)["exposure_id"]) == [first, second]
    assert night.db.exposures(exposures=[]).empty


def test_metrics(night, engine):
    frame = night.db.metrics()
    columns = {"seeing": [0.625, 1.25], "num_sources": [2, 2], "ttfree": [False, False],
               "degraded": [pd.NA] * 2, "degraded_legacy": [True] * 2,
               "seeing_los": ["NaN"] * 2}  # fmt: skip
    check(frame, columns)
    check_kinds(frame, {"num_sources": "Int64", "degraded": "boolean", "glf": "float64"})
    assert frame.attrs["units"]["seeing"] == "arcsec"
    for grain in ("exposure", "psf_fit", "laser"):
        view = f"v_{grain}_metrics"
        assert set(night.db.metrics(grain=grain).columns) == columns_of(engine, view)
    names = ("laser_on", "laser_samples", "l0_mean", "r0_rejected")
    lasers = night.db.metrics(*names, grain="laser")
    # L0 of laser n is n + 1/16 in the first row and 1/128 more in the second; r0 is n, which
    # cannot be.
    columns = {
        "lgs": [1, 2, 3, 4] * 2,
        "laser_on": [True, True, True, False] * 2,
        "l0_mean": [*(n + 1 / 16 + 1 / 256 for n in (1, 2, 3)), "NaN"] * 2,
        "laser_samples": [2, 2, 2, 0] * 2,
        "r0_rejected": [2, 2, 2, 0] * 2,
    }
    check(lasers, columns)
    assert lasers.attrs["units"] == {"l0_mean": "m"}
    two = night.db.metrics("seeing", "lasers_on")
    assert list(two.columns[-2:]) == ["seeing", "lasers_on"]
    stored = query(engine, "SELECT lasers_on FROM v_exposure_metrics ORDER BY date_obs_utc")
    assert [(value,) for value in two.iloc[:, -1]] == stored


def test_header(night):
    columns = {
        "ESO INS MODE": ["WFM-AO-N", "NFM-AO-N"],
        # A float in one file and an integer in the other.
        "HIERARCH ESO TEL AMBI TEMP": [11.5, 12.0],
        "EXPTIME": [600.0, 600.0],
        "eso.obs.id": [200_001, 200_002],
        "HISTORY": ["reduced by a test\nand again", "reduced by a test"],
        "ESO AOS TT LOOP ST": [True, True],
        "ESO AOS RTC LOOP": [pd.NA, False],
    }
    frame = night.db.header(*columns)
    check(frame, columns)
    assert [str(kind) for kind in frame.dtypes] == [
        *("int64", "string", "float64", "float64", "Int64", "string", "boolean", "boolean")
    ]
    assert frame.attrs["units"] == {
        "HIERARCH ESO TEL AMBI TEMP": "deg_C",
        "EXPTIME": "s",
        "ESO AOS RTC LOOP": "V",
    }


def test_header_of_another_file_and_extension(night):
    # The cube has a PROV1 and no ARCFILE, the raw file the other way round.
    both = night.db.header("PROV1", "ARCFILE")
    assert list(both["PROV1"]) == list(both["ARCFILE"])
    frame = night.db.header("COMMENT", extension="CHAN01")
    assert list(frame["COMMENT"]) == ["channel 1"] * 2
    spectra = night.db.header(
        "CRVAL3", extension="SPECTRA", file="prm", exposures=night.files[1].archive_id
    )
    assert spectra.to_numpy().tolist()[0][1] == 4.75e-7


def test_each_keyword_is_that_of_the_first_file(night, engine):
    columns = {"float": "value_float", "int": "value_int", "str": "value_text"}
    roles = ["reduced", "raw", "prm", "psf"]
    with engine.connect() as connection:
        cards = connection.exec_driver_sql(
            "SELECT k.name, c.value_type, c.value_float, c.value_int, c.value_text, f.role,"
            " f.id, c.header_id, c.position, h.exposure_id FROM header_card c"
            " JOIN keyword k ON k.id = c.keyword_id JOIN header h ON h.id = c.header_id"
            " JOIN source_file f ON f.id = h.source_file_id WHERE h.extension_name = 'PRIMARY'"
            " AND f.role IN ('reduced', 'raw', 'prm', 'psf')"
        ).all()
    kinds: dict[str, set[str]] = {}
    first: dict[str, dict[int, Any]] = {}
    for card in sorted(cards, key=lambda card: (roles.index(card.role), *card[6:9])):
        kinds.setdefault(card.name, set()).add(card.value_type)
        value = getattr(card, columns.get(card.value_type, "name"))
        first.setdefault(card.name, {}).setdefault(card.exposure_id, value)
    plain = [name for name, of in kinds.items() if len(of) == 1 and of <= columns.keys()]
    assert {"EXPTIME", "NAXIS", "ESO INS MODE"} <= set(plain)
    frame = night.db.header(*plain).set_index("exposure_id")
    assert {name: frame[name].dropna().to_dict() for name in plain} == {
        name: first[name] for name in plain
    }


def test_keywords_of_two_types(night, engine):
    """A text where the other file has a number."""
    number = scalar(engine, "SELECT id FROM keyword WHERE name = 'EXPTIME'")
    header = scalar(engine, f"SELECT MIN(header_id) FROM header_card WHERE keyword_id = {number}")
    execute(
        engine,
        "UPDATE header_card SET value_type = 'str', value_text = 'long', value_float = NULL"
        f" WHERE header_id = {header} AND keyword_id = {number}",
    )
    assert set(night.db.header("EXPTIME")["EXPTIME"]) == {"long", 600.0}


def test_telemetry(night):
    for extension in TIMED:
        frame = night.db.telemetry(extension)
        tables = [fits.getdata(night.files[number].raw, extension) for number in (1, 2)]
        names = list(tables[0].names)
        assert list(frame.columns) == ["exposure_id", "header_id", "row_index", "time_utc", *names]
        rows = range(len(tables[0]))
        assert list(frame["row_index"]) == [*rows, *rows]
        assert frame["exposure_id"].nunique() == frame["header_id"].nunique() == 2
        for name in names:
            expected = [value for table in tables for value in table[name].tolist()]
            assert as_list(frame[name].tolist()) == as_list(expected), name
        assert frame["time_utc"][0] == pd.Timestamp("2018-08-13T00:01:00.000417", tz="UTC")
        check_kinds(frame, {"time_utc": "datetime64[us, UTC]"})
    some = night.db.telemetry("SPARTA_ATM_DATA", "LGS2_R0", "LGS1_R0")
    assert list(some.columns[4:]) == ["LGS2_R0", "LGS1_R0"]
    assert np.isinf(some["LGS2_R0"]).tolist() == [False, False, True, False]


def test_units_of_telemetry(night):
    units = night.db.telemetry("SPARTA_ATM_DATA").attrs["units"]
    # The file says so of Sec, and the typed column of the others.
    assert (units["Sec"], units["LGS2_R0"], units["LGS3_STREHL"]) == ("s", "m", "%")
    assert night.db.telemetry("SGS_DATA").attrs["units"]["GUIDE FLUX"] == "adu"
    check_kinds(night.db.telemetry("SGS_DATA"), {"Sec": "int64"})


def test_a_table_that_is_not_known(night):
    frame = night.db.telemetry("STRANGE")
    assert set(frame["exposure_id"]) == {night.db.exposures()["exposure_id"][1]}
    assert list(frame.columns[:3]) == ["exposure_id", "header_id", "row_index"]
    columns = {
        "level": [1.5, np.inf, 0.0],
        "count": [7, pd.NA, 9],
        "row_index": [0, 1, 2],
        "row_index_2": [30, 20, 10],
        "name": ["a", "", "it's"],
        "good": [True, False, True],
        "phase": [1 + 2j, 0, 3j],
    }
    check(frame, columns)
    check_kinds(frame, {"count": "Int64"})
    assert np.signbit(frame["level"]).tolist() == [False, False, True]
    assert as_list(np.concatenate(list(frame["pair"])).tolist()) == [1, 2, 3, 4, 5, "NaN"]
    assert [cell.tolist() for cell in frame["list"]] == [[1, 2], [], [3]]
    assert frame.attrs["units"] == {"level": "V", "pair": "mm"}


def test_psf(night):
    frame = night.db.psf()
    for number, (_, rows) in zip((1, 2), frame.groupby("exposure_id", sort=False), strict=True):
        pars = fits.getdata(night.files[number].prm, "PSFPARS")
        for name, values in zip(pars["name"], pars["polyfit"], strict=True):
            assert rows[name.strip()].tolist() == values.tolist()
        assert rows["layer"].tolist() == list(range(5))
        assert rows["wavelength_nm"].tolist() == pytest.approx([475 + i / 8 for i in range(5)])
        scale = 0.2 if number == 1 else 0.025
        assert rows["fwhm_arcsec"].tolist() == pytest.approx((rows["fwhm"] * scale).tolist())
    assert frame.attrs["units"]["fwhm"] == "pix"
    some = night.db.psf("beta", wavelength=(475.2, 475.4))
    keys = ["psf_fit_id", "exposure_id", "model", "layer", "wavelength_nm"]
    assert list(some.columns) == [*keys, "beta"]
    assert (some["model"].dtype, set(some["model"])) == ("string", {"moffat"})
    assert some["layer"].tolist() == [2, 3, 2, 3]
    assert some["beta"].tolist() == frame["beta"][frame["layer"].isin([2, 3])].tolist()
    assert night.db.psf(wavelength=(None, 475.2))["layer"].tolist() == [0, 1, 0, 1]
    assert night.db.psf(wavelength=(900, 901)).empty


def test_sources(night):
    frame = night.db.sources()
    assert len(frame) == 2 * 2 * factory.LAYERS
    columns = {"snr": "snr", "flux": "flux", "fwhm_pixel": "fwhm", "beta": "beta",
               "xc_pixel": "xc", "yc_pixel": "yc"}  # fmt: skip
    places = iter(frame.groupby(["exposure_id", "pampelmuse_id"], sort=False))
    for number, scale in ((1, 0.2), (2, 0.025)):
        for source in factory.SOURCES:
            (_, found), rows = next(places)
            assert found == source
            table = fits.getdata(night.files[number].psf, f"PM_{source}")
            check(rows, {own: as_list(table[name].tolist()) for own, name in columns.items()})
            arcsec = (table["fwhm"] * scale).tolist()
            assert rows["fwhm_arcsec"].tolist() == pytest.approx(arcsec)
    spectrum = frame["wavelength_nm"][frame["pampelmuse_id"] == 3]
    assert spectrum[:5].tolist() == pytest.approx([475 + i / 8 for i in range(5)])
    some = night.db.sources(ids=np.array([17]), wavelength=(475.3, None))
    assert some["pampelmuse_id"].unique().tolist() == [17]
    assert some["layer"].tolist() == [3, 4, 3, 4]
    assert frame.attrs["units"]["xc_pixel"] == "pix"


def test_nothing_has_the_columns_of_something(night):
    db = night.db
    for ask, names in ((db.exposures, ()), (db.metrics, ()), (db.header, ("EXPTIME",)),
                       (db.telemetry, ("ASM_DATA",)), (db.sources, ())):  # fmt: skip
        whole, empty = ask(*names), ask(*names, end="2018-01-01")
        assert empty.empty
        assert empty.dtypes.to_dict() == whole.dtypes.to_dict()
        assert empty.attrs == whole.attrs
