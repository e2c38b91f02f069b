"""Frames of many exposures, and of rows that somebody changed."""

import pandas as pd
import pytest
import sqlalchemy as sa
from warehouse import execute, insert, query

from aomuse import Database
from aomuse.errors import AomuseError
from aomuse.query.frames import layouts


def test_many_exposures_take_as_many_statements_as_one(night, engine):
    statements = []
    sa.event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    frame = night.db.exposures()
    counts = []
    for some in (frame["exposure_id"][:1], frame["exposure_id"], frame["archive_id"]):
        statements.clear()
        found = night.db.exposures(exposures=some)
        assert list(found["exposure_id"]) == list(frame["exposure_id"][: len(some)])
        counts.append(len(statements))
    assert len(set(counts)) == 1, counts


def test_tables_of_many_exposures(night, monkeypatch):
    few = night.db.telemetry("AG_DATA")
    one = night.db.telemetry("AG_DATA", exposures=few["exposure_id"][0])
    monkeypatch.setattr(layouts, "BATCH_IDS", 0)
    pd.testing.assert_frame_equal(night.db.telemetry("AG_DATA"), few)
    same = night.db.telemetry("AG_DATA", exposures=few["exposure_id"][0])
    pd.testing.assert_frame_equal(same, one)


def test_rows_of_telemetry_that_somebody_deleted(night, engine):
    before = night.db.telemetry("SPARTA_ATM_DATA")
    first = before["exposure_id"][0]
    execute(engine, f"DELETE FROM sparta_atm WHERE exposure_id = {first} AND row_index = 1")
    assert before["Sec"].dtype == "int64"
    expected = before.astype({"Sec": "Int64", "USec": "Int64"})
    expected.loc[1, expected.columns[3:]] = pd.NA
    pd.testing.assert_frame_equal(night.db.telemetry("SPARTA_ATM_DATA"), expected)


def test_analyses_together_are_those_of_each_exposure(night, engine):
    first = int(night.db.exposures()["exposure_id"][0])
    fit, star = query(engine, "SELECT psf_fit_id, MIN(pampelmuse_id) FROM source GROUP BY 1")[0]
    sample = f"psf_fit_id = {fit} AND layer = 1 AND pampelmuse_id = {star}"
    execute(
        engine,
        # What was loaded first becomes the later one.
        f"UPDATE exposure SET date_obs_utc = '2019-01-01 00:00:00' WHERE id = {first}",
        f"UPDATE source_sample SET snr = NULL WHERE {sample}",
    )
    infinity = {"table_name": "source_sample", "column_name": "snr", "value": "-inf"}
    insert(engine, "special_value", infinity | {"exposure_id": first, "row_key": f"{fit}/1/{star}"})
    assert list(night.db.sources()["snr"]).count(float("-inf")) == 1
    ordered = list(night.db.exposures()["exposure_id"])
    assert ordered == sorted(ordered, reverse=True)
    waves = sorted(night.db.psf("fwhm")["wavelength_nm"])
    slices: list[dict[str, object]] = [{}, {"wavelength": (waves[2], waves[-3])}]
    stars: list[dict[str, object]] = [{}, {"ids": [star]}]
    calls = [(night.db.sources, own | wave) for own in stars for wave in slices]
    for call, asked in [(night.db.extracted_sources, {}), *calls]:
        parts = [call(exposures=number, **asked) for number in ordered]
        assert all(len(part) for part in parts), asked
        pd.testing.assert_frame_equal(call(**asked), pd.concat(parts, ignore_index=True))


def test_numbers_beyond_64_bits(night):
    assert night.db.sources(ids=[2**63, -(2**70)]).empty
    with pytest.raises(AomuseError, match=f"no exposure has the number {2**63}"):
        night.db.exposures(exposures=[1, 2**63])


def test_an_engine_is_not_a_url(db_url):
    with pytest.raises(TypeError, match=r"aomuse\.connect"):
        Database(db_url)
