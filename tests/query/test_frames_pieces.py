"""Frames in parts, as astropy tables, and what they say to a mistake."""

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from astropy.table import Table
from astropy.time import Time
from query_night import cells_of
from warehouse import execute, insert, query, succeed

import aomuse as package
from aomuse.errors import AomuseError, DatabaseError, SchemaError
from aomuse.query.frames import reading, sources


def test_parts_are_the_whole(night, monkeypatch):
    db = night.db
    calls: list[Callable[..., Any]] = [
        db.exposures,
        db.metrics,
        lambda **k: db.header("EXPTIME", "HISTORY", **k),
        lambda **k: db.telemetry("AG_DATA", **k),
        db.psf,
        db.sources,
    ]
    wholes = [call() for call in calls]
    # A moderate number of rows would hold all of this small night.
    monkeypatch.setattr(reading, "FETCH_ROWS", 4)
    for call, whole in zip(calls, wholes, strict=True):
        for rows in (1, 3, 7, 1000):
            parts = list(call(chunk_rows=rows))
            assert [len(part) for part in parts[:-1]] == [rows] * (len(parts) - 1)
            assert 0 < len(parts[-1]) <= rows
            for part in parts:
                assert part.dtypes.to_dict() == whole.dtypes.to_dict()
                assert part.attrs == whole.attrs
                assert part.index.tolist() == list(range(len(part)))
            pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
        assert list(call(chunk_rows=5, end="2018-01-01")) == []


@pytest.fixture
def many_rows(night, engine):
    """Give both analyses of the night 12,000 sources more, of five layers each."""
    found = query(engine, "SELECT psf_fit_id, MIN(pampelmuse_id) FROM source GROUP BY psf_fit_id")
    assert len(found) == 2
    for fit, source in found:
        for layer in range(5):
            of = {"psf_fit_id": fit, "layer": layer}
            stars = range(12_000)
            rows = [{"pampelmuse_id": 1000 + i, "snr": i / 7, "flux": i / 3} for i in stars]
            insert(engine, "source_sample", *(of | row for row in rows))
        where = f"psf_fit_id = {fit} AND pampelmuse_id = {source}"
        execute(engine, f"UPDATE source SET sample_count = 60005 WHERE {where}")
    return 120_000 + 20


def test_parts_take_little_memory_and_can_be_left(many_rows, night, engine, monkeypatch):
    cursors = []

    def watch(_c: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "FROM source_sample" in statement:
            cursors.append(getattr(cursor, "buffered", None))

    monkeypatch.setattr(reading, "FETCH_ROWS", 1000)
    sa.event.listen(engine, "before_cursor_execute", watch)

    def peak(use: Callable[[], int]) -> int:
        tracemalloc.start()
        assert use() == many_rows
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    parts = peak(lambda: sum(len(part) for part in night.db.sources(chunk_rows=1000)))
    whole = peak(lambda: len(night.db.sources()))
    assert parts < whole / 5, (parts, whole)
    sa.event.remove(engine, "before_cursor_execute", watch)
    if engine.dialect.name != "sqlite":
        assert cursors
        assert not any(cursors), "the client must not hold what the server sends"

    left: Iterator[pd.DataFrame] = night.db.sources(chunk_rows=100)
    assert len(next(left)) == 100
    del left
    assert len(night.db.exposures()) == 2
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_too_much_at_once(night, monkeypatch):
    monkeypatch.setattr(sources, "MOST_ROWS", 19)
    with pytest.raises(AomuseError, match=r"20 rows: take them in parts \(chunk_rows="):
        night.db.sources()
    assert len(night.db.sources(mode="WFM")) == 10
    assert sum(len(part) for part in night.db.sources(chunk_rows=6)) == 20


def test_astropy_tables(night, tmp_path):
    db = night.db
    table = package.to_table(db.exposures())
    assert table["seeing_arcsec"].unit == "arcsec"
    assert table["temperature_c"].unit == "deg_C"
    times = table["date_obs_utc"]
    assert isinstance(times, Time)
    assert times.scale == "utc"
    assert list(times.isot) == [f"2018-08-13T00:0{n}:07.123000" for n in (1, 2)]
    assert table["lgs1_simulated"].mask.all()
    telemetry = package.to_table(db.telemetry("SPARTA_ATM_DATA"))
    assert telemetry["LGS2_R0"].quantity[0].to_value("cm") == 200.0
    assert str(telemetry["Sec"].unit) == "s"
    assert package.to_table(db.telemetry("STRANGE"))["pair"].shape == (3, 2)
    frames = [
        db.exposures(),
        db.metrics(),
        db.header("ESO AOS RTC LOOP", "EXPTIME"),
        db.psf(),
        *(db.telemetry(name) for name in ("AG_DATA", "ASM_DATA", "STRANGE")),
        db.exposures(end="2018-01-01"),
    ]
    missing = frames[0].copy()
    missing.attrs = frames[0].attrs
    missing.loc[0, ["date_obs_utc", "night", "ob_id", "target"]] = None
    for frame in [*frames, missing]:
        again = package.from_table(package.to_table(frame))
        assert again.attrs == frame.attrs
        assert again.dtypes.to_dict() == frame.dtypes.to_dict()
        assert again.index.equals(frame.index)
        assert cells_of(again) == cells_of(frame)
    path = tmp_path / "telemetry.ecsv"
    telemetry.write(path)
    assert Table.read(path)["LGS2_STREHL"].unit == "%"
    with pytest.raises(AomuseError, match="takes a DataFrame, not a list"):
        package.to_table([])


def test_mistakes_have_one_line_that_helps(night):
    db = night.db
    mistakes: list[tuple[Callable[[], Any], str]] = [
        (lambda: db.exposures(target="NGC 3201 p9"), "did you mean NGC 3201 p"),
        (lambda: db.exposures(target="M 31"), "there are NGC 3201 p1, NGC 3201 p2"),
        (lambda: db.exposures(mode="WFM-A0-N"), "did you mean WFM-AO-N"),
        (lambda: db.exposures(start="soon"), "start is 'soon': give a time in UTC"),
        (lambda: db.exposures(exposures=999), "no exposure has the number 999"),
        (lambda: db.exposures(exposures="MUSE.2018"), "no exposure is named 'MUSE.2018'"),
        (lambda: db.exposures(exposures=1.5), "1.5 is not an exposure"),
        (lambda: db.exposures(taget="M 54"), "no filter is named 'taget': did you mean target?"),
        (lambda: db.exposures(metric={"seing": (0, 1)}), "'seing': did you mean seeing"),
        (lambda: db.exposures(metric={"seeing": "low"}), "the limits of seeing are 'low'"),
        (lambda: db.exposures(metric="seeing"), "metric={'seeing': (None, 0.8)}"),
        (lambda: db.metrics("strehl of the moon"), "there are airmass, degraded"),
        (lambda: db.metrics("fwhm_700nm"), "db.metrics('fwhm_700nm', grain='psf_fit')"),
        (lambda: db.metrics(grain="source"), "there are exposure"),
        (lambda: db.header("ESO INS MODUS"), "did you mean ESO INS MODE?"),
        (lambda: db.header("AMBI FWHM"), "did you mean ESO TEL AMBI FWHM END"),
        (lambda: db.header("ARCFILE", file="reduced"), "PRIMARY of the reduced files has"),
        (lambda: db.header("EXPTIME", extension="CHAN1"), "did you mean CHAN01?"),
        (lambda: db.header("EXPTIME", file="cube"), "there are prm, psf, raw, reduced"),
        (db.header, "no keyword is named"),
        (lambda: db.telemetry("SPARTA_ATM"), "did you mean SPARTA_ATM_DATA"),
        (lambda: db.telemetry("PM_3"), "PM_3 is not telemetry; use db.sources()"),
        (lambda: db.telemetry("PSFPARS"), "use db.psf()"),
        (lambda: db.telemetry("AG_DATA", "FLUX"), "did you mean GUIDE FLUX?"),
        (lambda: db.psf("fhwm"), "did you mean fwhm?"),
        (lambda: db.psf(wavelength=700), "such as wavelength=(700, 800)"),
        (lambda: db.exposures(chunk_rows=0), "chunk_rows is 0"),
        (lambda: db.sources(chunk_rows=10, target="M 31"), "no target is named"),
    ]
    for call, text in mistakes:
        with pytest.raises(AomuseError) as caught:
            call()
        assert text in str(caught.value), str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
    assert db.psf("fwhm", mode="NFM", end="2018-01-01").empty


def test_databases_that_are_not_there(empty_url, db_url, tmp_path):
    missing = tmp_path / "nothing.db"
    for url in (empty_url, f"sqlite:///{missing}"):
        with pytest.raises(SchemaError, match="run aomuse migrate"):
            package.connect(url).exposures()
    assert not missing.exists()
    db = package.connect(db_url)
    assert db.exposures().empty
    succeed(db_url, "drop", "--yes")
    with pytest.raises(DatabaseError, match="the database says"):
        db.exposures()
    away = package.connect("mariadb+mariadbconnector://a:secret@127.0.0.1:1/x")
    with pytest.raises(DatabaseError) as caught:
        away.exposures()
    assert "secret" not in str(caught.value)
