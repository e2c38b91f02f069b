"""When something was: what is not a time is NULL, with a warning, and never a wrong time."""

import fits_factory as factory
import numpy as np
import pandas as pd
from astropy.io import fits
from backends import on_sqlite

STAMPS = {
    "2018-08-13T00:01:07.123456789": "2018-08-13 00:01:07.123456",
    "2018-08-13T00:05:07.1": "2018-08-13 00:05:07.100000",
    "2018-12-31T23:59:59.999999": "2018-12-31 23:59:59.999999",
    " 2018-08-13 00:01Z": "2018-08-13 00:01:00.000000",
    "2016-12-31T23:59:60.5": "2017-01-01 00:00:00.500000",  # a leap second
    "2019-03-06T04:16:60.000": "2019-03-06 04:17:00.000000",
    "2018-08-13": None,
    "2018-08-13T": None,
    "2018-08-13T00:01:61": None,
    "2018-08-13T24:00:01": None,
    "2018-02-30T00:00:00": None,
    "2018/08/13-00:01:07": None,
    "0001-01-01T00:00:00": None,
    "not a time": None,
    "": None,
}


@on_sqlite
def test_time_stamps(db, tree):
    raw = factory.raw(1)
    stamps = fits.Column("TIME_STAMP", "30A", array=list(STAMPS))
    raw["ASM_DATA"] = fits.BinTableHDU.from_columns([stamps], name="ASM_DATA")
    factory.write(tree.root / "raw" / f"{factory.archive_id(1)}.fits.fz", raw)
    db.load(tree.root)
    found = db.query("SELECT time_stamp, time_utc FROM asm ORDER BY row_index")
    assert found == list(STAMPS.items())


#: DATE-OBS and MJD-OBS of an exposure, its start, and the end of the warning.
STARTS = (
    ("2018-08-13", 58343.25, "2018-08-13 06:00:00.000000", "the start is that of MJD-OBS"),
    ("2018-08-13", 58344.25, None, "the start is NULL"),  # another day
    ("2018-08-13", 58343.0, None, "the start is NULL"),  # a day without a time
    (None, 58343.25, "2018-08-13 06:00:00.000000", "the start is that of MJD-OBS"),
    (None, None, None, "no DATE-OBS: the start is NULL"),
    ("2018-08-13T00:00:60.25", 58343.25, "2018-08-13 00:01:00.250000", None),
)


def test_starts_of_exposures(db, tree):
    for number, (date_obs, mjd_obs, *_) in enumerate(STARTS, start=1):
        cube = factory.reduced(number, DATE_OBS=date_obs, MJD_OBS=mjd_obs)
        factory.write(tree.root / "single" / f"{number}.fits", cube)
    db.load(tree.root)
    found = db.query(
        "SELECT e.date_obs_utc, i.message FROM exposure e LEFT JOIN load_issue i"
        " ON i.exposure_id = e.id AND i.code = 'date_missing' ORDER BY e.archive_id"
    )
    for (time, message), (*_, start, warning) in zip(found, STARTS, strict=True):
        assert (None if time is None else pd.Timestamp(time)) == (start and pd.Timestamp(start))
        assert (message is None) == (warning is None)
        assert message is None or message.endswith(warning)
    assert db.run("verify").code == 0


#: A clock by its format, and what it shows; 0 is a row that was not written.
CLOCKS = (
    ("1J", [1551413400, 0, 1551413402], {}),
    ("1J", np.array([1551413400, 0, 1551413402], np.uint32), {"bzero": 2**31}),
    ("1K", [1551413400, 0, 1551413402], {}),
    ("1D", [1551413400.0, 0.0, 1551413402.0], {}),
    ("1J", [1551413400, -1, 1551413402], {"null": -1}),
    ("1D", [1551413400.0, np.nan, 1551413402.0], {}),
)


@on_sqlite
def test_clocks(db, tree):
    for number, (form, values, options) in enumerate(CLOCKS, start=1):
        columns = [
            fits.Column("Sec", form, array=values, **options),
            fits.Column("USec", "1J", array=[1_500_000, 7, 250_000]),
            fits.Column("L0Tot", "1E", array=[1.0, 2.0, 3.0]),
        ]
        raw = factory.raw(number)
        for name in ("SPARTA_CN2_DATA", "SGS_DATA"):
            raw[name] = fits.BinTableHDU.from_columns(columns, name=name)
        factory.write(tree.root / "raw" / f"{factory.archive_id(number)}.fits.fz", raw)
    db.load(tree.root)
    for table in ("sparta_cn2", "sgs"):
        times = db.query(f"SELECT time_utc FROM {table} ORDER BY exposure_id, row_index")
        shown = [None if time is None else str(time)[:22].rstrip("0") for (time,) in times]
        assert shown == ["2019-03-01 04:10:01.5", None, "2019-03-01 04:10:02.25"] * len(CLOCKS)
    codes = db.query("SELECT code, severity FROM load_issue")
    assert codes.count(("time_missing", "warning")) == 2 * len(CLOCKS)
    odd = db.query("SELECT message FROM load_issue WHERE code = 'column_store'")
    assert len(odd) == 2  # the doubles
    assert all("its values are not integers (format 1D)" in message for (message,) in odd)
    assert db.run("verify").code == 0
