"""How the engines go through the big tables: by a range of the key wherever a range will do."""

import re

import pytest
import sqlalchemy as sa

from aomuse.query.refresh import all_views
from aomuse.query.views.metrics import METRIC_VIEWS

BIG = {
    "header_card",
    "position_parameter",
    "psf_field",
    "psf_layer",
    "psf_parameter",
    "source_sample",
    "source_summary",
    "sparta_atm",
    "sparta_cn2",
    "sparta_laser",
    "table_value",
}
#: Questions of one exposure, or of a few layers of many, and how many columns of the key lead to
#: the samples.
QUESTIONS = {
    "SELECT AVG(snr) FROM v_source_sample WHERE target = 'NGC 3201 p1'"
    " AND wavelength_nm BETWEEN 475.1 AND 475.3": 2,
    "SELECT target, AVG(fwhm_arcsec) FROM v_source_sample WHERE wavelength_nm < 475.3"
    " GROUP BY target": 2,
    "SELECT exposure_id, AVG(fwhm_arcsec) FROM v_source_sample WHERE snr > 20"
    " AND wavelength_nm BETWEEN 475.1 AND 475.3 GROUP BY exposure_id": 2,
    "SELECT wavelength_nm, snr FROM v_source_sample WHERE exposure_id = 1"
    " AND pampelmuse_id = 17": 3,
    "SELECT COUNT(*), AVG(snr) FROM v_source_sample WHERE exposure_id = 1": 2,
    "SELECT m.seeing, AVG(v.snr) FROM v_source_sample v JOIN v_exposure_metrics m"
    " ON m.exposure_id = v.exposure_id WHERE v.wavelength_nm < 475.3 GROUP BY m.seeing": 2,
}


def steps(connection: sa.Connection, question: str) -> dict[str, int]:
    """Return how many columns of a key lead to each table of a plan; 0 is a scan of the table."""
    if connection.dialect.name != "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN {question}").mappings().all()
        return {
            row["table"]: len(row["ref"].split(",")) if row["ref"] else row["type"] == "range"
            for row in plan
            if row["table"]
        }
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}").mappings().all()
    found = [re.match(r"(SEARCH|SCAN) (\w+)", row["detail"]) for row in plan]
    return {
        match[2]: len(re.findall("[=<>]", row["detail"])) if match[1] == "SEARCH" else 0
        for row, match in zip(plan, found, strict=True)
        if match
    }


@pytest.mark.parametrize("question", QUESTIONS)
def test_samples_are_reached_by_their_key(night, engine, question):
    with engine.connect() as connection:
        assert steps(connection, question)["s"] == QUESTIONS[question]


def test_no_view_scans_a_big_table_for_one_exposure(night, engine):
    with engine.connect() as connection:
        views = [v for v in all_views(connection) if "exposure_id" in {c.name for c in v.columns}]
        assert len(views) > 20
        scans = []
        for view in views:
            plan = steps(connection, f"SELECT * FROM {view.name} WHERE exposure_id = 1")
            aliases = dict(re.findall(r"(\w+) (\w+)\b(?= *(?:\n|ON|WHERE|$))", view.source))
            scans += [
                (view.name, table)
                for table, alias in aliases.items()
                if table in BIG and plan.get(alias) == 0
            ]
    assert not scans


BY_LOOKUP = {view.name: view for view in METRIC_VIEWS if view.by_lookup}


@pytest.mark.parametrize("name", BY_LOOKUP)
def test_views_of_metrics_have_the_same_rows_by_groups_and_by_lookups(night, engine, name):
    with engine.connect() as connection:
        shown = connection.exec_driver_sql(f"SELECT * FROM {name}")
        grouped = connection.exec_driver_sql(BY_LOOKUP[name].select(engine.dialect.name))
        assert list(shown.keys()) == list(grouped.keys())
        assert sorted(map(repr, shown)) == sorted(map(repr, grouped))


@pytest.mark.parametrize(
    ("view", "metric"),
    [
        ("v_exposure_metrics", "seeing"),
        ("v_psf_fit_metrics", "fwhm_700nm"),
    ],
)
def test_the_metrics_that_are_asked_for_are_read_and_no_others(night, engine, view, metric):
    question = f"SELECT instrument_mode, AVG({metric}) FROM {view} GROUP BY instrument_mode"
    both = "v_psf_fit_metrics f JOIN v_exposure_metrics m ON m.exposure_id = f.exposure_id"
    with engine.connect() as connection:
        assert len(reached("x", connection, question, run=True)) == 1
        assert connection.exec_driver_sql(f"SELECT * FROM {both}").all()


def reached(alias: str, connection: sa.Connection, question: str, *, run: bool) -> list[str]:
    """Return by which columns a question reaches a table, in each place where it does.

    MariaDB explains each subquery of a view; which of them it needs, it says when it has run.
    """
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}").mappings().all()
        return [
            row["detail"] for row in plan if re.match(rf"(SEARCH|SCAN) {alias}\b", row["detail"])
        ]
    explain = "ANALYZE" if run else "EXPLAIN"
    plan = connection.exec_driver_sql(f"{explain} {question}").mappings().all()
    there = [row for row in plan if row["table"] == alias]
    return [str(row["ref"]) for row in there if not run or row["r_rows"] is not None]


@pytest.mark.parametrize("view", ["v_sensor", "v_strehl", "v_laser_ratio"])
def test_values_of_lasers_are_reached_by_their_exposure(night, engine, view):
    with engine.connect() as connection:
        ways = reached("x", connection, f"SELECT * FROM {view}", run=False)
    assert ways
    assert all("exposure_id=?" in way or ".id" in way or ".exposure_id" in way for way in ways)


@pytest.mark.parametrize("view", ["v_strehl", "v_file_hdu"])
def test_cards_are_reached_by_their_header(night, engine, view):
    question = f"SELECT * FROM {view} WHERE exposure_id = 1"
    with engine.connect() as connection:
        ways = reached("card", connection, question, run=False)
    # The keyword alone leads to that card of every exposure.
    assert ways
    assert all("header_id=?" in way or ".h.id" in way for way in ways), ways


@pytest.mark.parametrize("view", ["v_source_summary", "v_psf_summary"])
def test_statistics_of_an_exposure_are_reached_by_its_analyses(night, engine, view):
    question = f"SELECT * FROM {view} WHERE exposure_id = 1 AND wavelength_window = 'all'"
    with engine.connect() as connection:
        (way,) = reached("s", connection, question, run=False)
    assert "psf_fit_id=?" in way or ".f.id" in way, way


def test_stars_are_reached_by_their_window_or_by_their_analysis(night, engine):
    window = (
        "SELECT distance_arcsec, residual_arcsec FROM v_psf_field"
        " WHERE wavelength_window = '475-576 nm' AND instrument_mode LIKE 'WFM%'"
    )
    exposure = "SELECT residual_arcsec FROM v_psf_field WHERE exposure_id = 1"
    with engine.connect() as connection:
        (of_window,) = reached("s", connection, window, run=False)
        (of_exposure,) = reached("s", connection, exposure, run=False)
    assert "wavelength_window_id=?" in of_window or "const" in of_window, of_window
    assert "psf_fit_id=?" in of_exposure or ".f.id" in of_exposure, of_exposure
