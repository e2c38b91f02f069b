"""VOTables of frames: astropy reads back what was written, with units, UCDs and descriptions."""

import re

import numpy as np
import pandas as pd
import pytest
from astropy.io.votable import parse
from astropy.io.votable.tree import Field
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table
from query_night import cells_of

import aomuse
from aomuse.errors import AomuseError


def read(path) -> pd.DataFrame:
    return aomuse.from_table(Table.read(path, format="votable", use_names_over_ids=True))


def fields_of(path) -> dict[str, Field]:
    return {field.name: field for field in parse(path).get_first_table().fields}


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare values bit for bit; integers that cannot be missing come back as ones that may."""
    kinds = {name: "Int64" if kind == np.int64 else kind for name, kind in expected.dtypes.items()}
    assert list(found) == list(expected)
    assert found.dtypes.to_dict() == kinds
    assert cells_of(found) == cells_of(expected)


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


#: What astropy warns about, such as a unit that the standard lacks.
pytestmark = pytest.mark.filterwarnings("error")


def test_every_kind_of_column_comes_back_with_what_is_missing(tmp_path):
    path = tmp_path / "all.vot"
    aomuse.to_votable(FRAME, path)
    found = read(path)
    assert_same(found, FRAME)
    # What VOUnits cannot write stands in the description.
    units = dict(FRAME.attrs["units"])
    text = f"(unit: {units.pop('list')})"
    assert found.attrs["units"] == units
    assert fields_of(path)["list"].description == text
    assert parse(path).version == "1.4"
    assert "<BINARY2>" in path.read_text()


def test_frames_have_it_as_a_method_with_units_ucds_and_descriptions(night, tmp_path):
    db = night.db
    exposures = db.exposures()
    frames = {
        "exposures": exposures,
        "metrics": db.metrics(),
        "lasers": db.metrics(grain="laser"),
        "psf": db.psf(),
        "sources": db.sources(),
        "extracted": db.extracted_sources(),
        "gain": db.comparison("gain"),
        "header": db.header("EXPTIME", "ESO TEL AMBI FWHM START", "HISTORY"),
        "sparta": db.telemetry("SPARTA_ATM_DATA"),
        "strange": db.telemetry("STRANGE"),
        "none": db.exposures(target="NGC 3201 p1", mode="NFM"),
        # Whoever merges frames keeps the meanings.
        "merged": exposures[["exposure_id", "archive_id", "ra_deg", "dec_deg"]].merge(
            db.metrics("seeing", "glf"), on="exposure_id"
        ),
    }
    fields = {}
    for name, frame in frames.items():
        path = tmp_path / f"{name}.vot"
        frame.to_votable(path)
        assert_same(read(path), frame)
        fields[name] = fields_of(path)
        for field in fields[name].values():
            if field.ucd:
                parse_ucd(field.ucd, check_controlled_vocabulary=True)
    assert fields["exposures"]["seeing_arcsec"].description == (
        "Mean of the seeing at start and end, arcsec"
    )
    for frame, name, ucd, unit in (
        ("exposures", "seeing_arcsec", "instr.obsty.seeing", "arcsec"),
        ("metrics", "seeing", "instr.obsty.seeing", "arcsec"),
        ("header", "EXPTIME", "time.duration;obs.exposure", "s"),
        ("merged", "ra_deg", "pos.eq.ra", "deg"),
        ("merged", "seeing", "instr.obsty.seeing", "arcsec"),
    ):
        assert (fields[frame][name].ucd, str(fields[frame][name].unit)) == (ucd, unit)
    for name in ("exposures", "metrics"):
        assert all(field.description for field in fields[name].values())
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


@pytest.mark.parametrize(
    ("odd", "place", "words"),
    [
        (pd.array([2**64 - 1], "UInt64"), "a.vot", "odd has an integer beyond 64 bits with a sign"),
        (pd.array(["\U0001d6fc"], "string"), "a.vot", "odd has the character U+1D6FC"),
        ([1.0], "none/a.vot", "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_written_is_one_line(tmp_path, odd, place, words):
    with pytest.raises(AomuseError, match=re.escape(words)):
        aomuse.to_votable(pd.DataFrame({"odd": odd}), tmp_path / place)
    assert list(tmp_path.iterdir()) == []
