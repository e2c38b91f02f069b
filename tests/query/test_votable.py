"""VOTables of frames: astropy reads back what was written, with units, UCDs and descriptions."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from astropy.io.votable import parse
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table

import aomuse
from aomuse.errors import AomuseError


def read(path) -> pd.DataFrame:
    return aomuse.from_table(Table.read(path, format="votable", use_names_over_ids=True))


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare values bit for bit; integers that cannot be missing come back as ones that may."""
    assert list(found.columns) == list(expected.columns)
    for name in expected.columns:
        wanted = expected[name]
        if wanted.dtype == np.int64:
            wanted = wanted.astype("Int64")
        if wanted.dtype == object:
            assert [repr(np.asarray(cell).tolist()) for cell in found[name]] == [
                repr(np.asarray(cell).tolist()) for cell in wanted
            ], name
            continue
        pd.testing.assert_series_equal(found[name], wanted, check_exact=True, check_names=False)
        if wanted.dtype == np.float64:
            assert (np.signbit(found[name]) == np.signbit(wanted)).all(), name


FRAME = pd.DataFrame(
    {
        "seeing_arcsec": [0.1 + 0.2, np.nan, -0.0],
        "level": [np.inf, -np.inf, 5e-324],
        "ob_id": pd.array([2**62 + 1, None, -(2**63)], dtype="Int64"),
        "count": np.array([1, 2, 3]),
        "tip_tilt_loop": pd.array([True, None, False], dtype="boolean"),
        "target": pd.array(["ω Cen", None, "  M 54\n"], dtype="string"),
        "empty": pd.array(["", "x", ""], dtype="string"),
        "date_obs_utc": pd.Series(
            np.array(["2018-08-12T23:59:59.999999", "NaT", "2020-01-01"], "datetime64[us]")
        ).dt.tz_localize("UTC"),
        "night": np.array(["2018-08-12", "NaT", "2020-01-01"], "datetime64[s]"),
        "phase": np.array([1 + 2j, 0, -3.5j]),
        "pair": [np.array([1.0, 2.0]), np.array([-0.0, np.inf]), np.array([5.0, 6.0])],
        "list": [np.array([1, 2]), np.array([3]), np.array([4, 5, 6])],
    }
)
FRAME.attrs["units"] = {
    "seeing_arcsec": "arcsec",
    "level": "deg_C",
    "count": "%",
    "pair": "m / s",
    "list": "furlong of 1824",
}


@pytest.fixture(autouse=True)
def _no_warnings():
    """Let what astropy warns about, such as a unit that the standard lacks, be an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_every_kind_of_column_comes_back_with_what_is_missing(tmp_path):
    path = tmp_path / "all.vot"
    aomuse.to_votable(FRAME, path)
    found = read(path)
    assert_same(found, FRAME)
    # What VOUnits cannot write stands in the description.
    units = dict(FRAME.attrs["units"])
    text = f"(unit: {units.pop('list')})"
    assert found.attrs["units"] == units
    document = parse(path)
    assert document.version == "1.4"
    assert "<BINARY2>" in path.read_text()
    assert document.get_first_table().get_field_by_id("list").description == text


def test_frames_have_it_as_a_method_with_units_ucds_and_descriptions(night, tmp_path):
    frames = {
        "exposures": night.db.exposures(),
        "metrics": night.db.metrics(),
        "lasers": night.db.metrics(grain="laser"),
        "psf": night.db.psf(),
        "sources": night.db.sources(),
        "extracted": night.db.extracted_sources(),
        "gain": night.db.comparison("gain"),
        "header": night.db.header("EXPTIME", "ESO TEL AMBI FWHM START", "HISTORY"),
        "sparta": night.db.telemetry("SPARTA_ATM_DATA"),
        "strange": night.db.telemetry("STRANGE"),
        "none": night.db.exposures(target="NGC 3201 p1", mode="NFM"),
    }
    fields = {}
    for name, frame in frames.items():
        path = tmp_path / f"{name}.vot"
        frame.to_votable(path)
        assert_same(read(path), frame)
        fields[name] = {field.name: field for field in parse(path).get_first_table().fields}
        for field in fields[name].values():
            if field.ucd:
                parse_ucd(field.ucd, check_controlled_vocabulary=True)
    seeing = fields["exposures"]["seeing_arcsec"]
    assert (seeing.ucd, str(seeing.unit)) == ("instr.obsty.seeing", "arcsec")
    assert seeing.description == "Mean of the seeing at start and end, arcsec"
    assert all(field.description for field in fields["exposures"].values())
    assert all(field.description for field in fields["metrics"].values())
    assert fields["metrics"]["seeing"].ucd == "instr.obsty.seeing"
    assert fields["header"]["EXPTIME"].ucd == "time.duration;obs.exposure"
    assert fields["header"]["ESO TEL AMBI FWHM START"].description.startswith("ESO TEL AMBI FWHM")
    assert fields["sparta"]["time_utc"].xtype == "timestamp"
    assert str(fields["sparta"]["LGS1_R0"].unit) == "m"
    # A column of a file that is called as a column of a view is not that column.
    assert fields["strange"]["name"].description is None


def test_times_without_a_zone_keep_their_time_of_day(tmp_path):
    """As `pandas.read_sql_query` gives the times of MariaDB."""
    times = FRAME["date_obs_utc"]
    path = tmp_path / "times.vot"
    aomuse.to_votable(pd.DataFrame({"date_obs_utc": times.dt.tz_localize(None)}), path)
    pd.testing.assert_series_equal(read(path)["date_obs_utc"], times)


def test_a_merged_frame_keeps_the_meanings(night, tmp_path):
    merged = night.db.exposures()[["exposure_id", "archive_id", "ra_deg", "dec_deg"]].merge(
        night.db.metrics("seeing", "glf"), on="exposure_id"
    )
    merged.to_votable(tmp_path / "merged.vot")
    fields = {f.name: f for f in parse(tmp_path / "merged.vot").get_first_table().fields}
    assert (fields["ra_deg"].ucd, str(fields["ra_deg"].unit)) == ("pos.eq.ra", "deg")
    assert (fields["seeing"].ucd, str(fields["seeing"].unit)) == ("instr.obsty.seeing", "arcsec")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pd.array([2**64 - 1], dtype="UInt64"), "an integer beyond 64 bits with a sign"),
        (pd.array(["\U0001d6fc"], dtype="string"), "the character U+1D6FC"),
    ],
)
def test_what_a_votable_cannot_hold_is_one_line(tmp_path, values, words):
    path = tmp_path / "bad.vot"
    with pytest.raises(AomuseError, match=re.escape(f"odd has {words}")):
        aomuse.to_votable(pd.DataFrame({"odd": values}), path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_one_line(tmp_path):
    with pytest.raises(AomuseError, match="cannot be written: No such file or directory"):
        aomuse.to_votable(FRAME, tmp_path / "none" / "a.vot")
