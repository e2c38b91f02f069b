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
