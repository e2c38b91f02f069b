"""Frames of many exposures, and of rows that somebody changed."""

import pandas as pd
import sqlalchemy as sa

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
    with engine.begin() as connection:
        where = {"exposure": int(before["exposure_id"][0])}
        of_row = "FROM sparta_atm WHERE exposure_id = :exposure AND row_index = 1"
        connection.execute(sa.text(f"DELETE {of_row}"), where)
    after = night.db.telemetry("SPARTA_ATM_DATA")
    assert before["Sec"].dtype == "int64"
    expected = before.astype({"Sec": "Int64", "USec": "Int64"})
    expected.loc[1, expected.columns[3:]] = pd.NA
    pd.testing.assert_frame_equal(after, expected)


def test_analyses_together_are_those_of_each_exposure(night, engine):
    with engine.begin() as connection:
        # The exposure that was loaded first becomes the later one.
        moved = "UPDATE exposure SET date_obs_utc = '2019-01-01 00:00:00' WHERE id = :first"
        connection.execute(sa.text(moved), {"first": int(night.db.exposures()["exposure_id"][0])})
        key = connection.exec_driver_sql("SELECT psf_fit_id, pampelmuse_id FROM source").first()
        of_key = {"fit": key[0], "star": key[1], "row": f"{key[0]}/1/{key[1]}"}
        sample = "psf_fit_id = :fit AND layer = 1 AND pampelmuse_id = :star"
        connection.execute(sa.text(f"UPDATE source_sample SET snr = NULL WHERE {sample}"), of_key)
        infinity = "SELECT exposure_id, 'source_sample', 'snr', :row, '-inf' FROM psf_fit"
        names = "exposure_id, table_name, column_name, row_key, value"
        insert = f"INSERT INTO special_value ({names}) {infinity} WHERE id = :fit"
        connection.execute(sa.text(insert), of_key)
    assert list(night.db.sources()["snr"]).count(float("-inf")) == 1
    ordered = list(night.db.exposures()["exposure_id"])
    assert ordered == sorted(ordered, reverse=True)
    waves = sorted(night.db.psf("fwhm")["wavelength_nm"])
    star = night.db.sources()["pampelmuse_id"][0]
    slice_ = {"wavelength": (waves[2], waves[-3])}
    calls = [(night.db.extracted_sources, {})]
    calls += [
        (night.db.sources, some | wave) for some in ({}, {"ids": [star]}) for wave in ({}, slice_)
    ]
    for call, asked in calls:
        parts = [call(exposures=number, **asked) for number in ordered]
        assert all(len(part) for part in parts), asked
        whole = pd.concat(parts, ignore_index=True)
        pd.testing.assert_frame_equal(call(**asked), whole)
