"""How the engines go through the big tables: by a range of the key wherever a range will do."""

import re

import pytest
import sqlalchemy as sa

from aomuse.query.refresh import all_views
from aomuse.query.views.metrics import METRIC_VIEWS

BIG = {
    *("header_card", "position_parameter", "psf_field", "psf_layer", "psf_parameter"),
    *("source_sample", "source_summary", "sparta_atm", "sparta_cn2", "sparta_laser"),
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


#: Questions, the table that they reach in few rows, and by what.
WAYS = [
    *((f"SELECT * FROM {view}", "x", ("exposure_id=?", ".id", ".exposure_id"))
      for view in ("v_sensor", "v_strehl", "v_laser_ratio")),
    # The keyword alone leads to that card of every exposure.
    *((f"SELECT * FROM {view} WHERE exposure_id = 1", "card", ("header_id=?", ".h.id"))
      for view in ("v_strehl", "v_file_hdu")),
    *((f"SELECT * FROM {view} WHERE exposure_id = 1 AND wavelength_window = 'all'", "s",
       ("psf_fit_id=?", ".f.id")) for view in ("v_source_summary", "v_psf_summary")),
    ("SELECT distance_arcsec, residual_arcsec FROM v_psf_field"
     " WHERE wavelength_window = '475-576 nm' AND instrument_mode LIKE 'WFM%'", "s",
     ("wavelength_window_id=?", "const")),
    ("SELECT residual_arcsec FROM v_psf_field WHERE exposure_id = 1", "s",
     ("psf_fit_id=?", ".f.id")),
]  # fmt: skip


@pytest.fixture
def connection(night, engine):
    with engine.connect() as connection:
        yield connection


def explain(connection: sa.Connection, question: str, *, run: bool = False) -> list[sa.RowMapping]:
    """Return the rows of a plan.

    MariaDB explains each subquery of a view; which of them it needs, it says when it has run.
    """
    of_mariadb = "ANALYZE" if run else "EXPLAIN"
    word = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else of_mariadb
    rows = connection.exec_driver_sql(f"{word} {question}").mappings()
    return [row for row in rows if not run or row.get("r_rows", "") is not None]


def steps(connection: sa.Connection, question: str) -> dict[str, int]:
    """Return how many columns of a key lead to each table of a plan; 0 is a scan of the table."""
    plan = explain(connection, question)
    if connection.dialect.name != "sqlite":
        return {
            row["table"]: len(row["ref"].split(",")) if row["ref"] else row["type"] == "range"
            for row in plan
            if row["table"]
        }
    found = [re.match(r"(SEARCH|SCAN) (\w+)", row["detail"]) for row in plan]
    return {
        match[2]: len(re.findall("[=<>]", row["detail"])) if match[1] == "SEARCH" else 0
        for row, match in zip(plan, found, strict=True)
        if match
    }


def reached(
    alias: str, connection: sa.Connection, question: str, *, run: bool = False
) -> list[str]:
    """Return by which columns a question reaches a table, in each place where it does."""
    plan = explain(connection, question, run=run)
    if connection.dialect.name == "sqlite":
        return [d["detail"] for d in plan if re.match(rf"(SEARCH|SCAN) {alias}\b", d["detail"])]
    return [str(row["ref"]) for row in plan if row["table"] == alias]


@pytest.mark.parametrize("question", QUESTIONS)
def test_samples_are_reached_by_their_key(connection, question):
    assert steps(connection, question)["s"] == QUESTIONS[question]


def test_no_view_scans_a_big_table_for_one_exposure(connection):
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
def test_views_of_metrics_have_the_same_rows_by_groups_and_by_lookups(connection, name):
    shown = connection.exec_driver_sql(f"SELECT * FROM {name}")
    grouped = connection.exec_driver_sql(BY_LOOKUP[name].select(connection.dialect.name))
    assert list(shown.keys()) == list(grouped.keys())
    assert sorted(map(repr, shown)) == sorted(map(repr, grouped))


@pytest.mark.parametrize(
    ("view", "metric"), [("v_exposure_metrics", "seeing"), ("v_psf_fit_metrics", "fwhm_700nm")]
)
def test_the_metrics_that_are_asked_for_are_read_and_no_others(connection, view, metric):
    question = f"SELECT instrument_mode, AVG({metric}) FROM {view} GROUP BY instrument_mode"
    assert len(reached("x", connection, question, run=True)) == 1
    both = "v_psf_fit_metrics f JOIN v_exposure_metrics m ON m.exposure_id = f.exposure_id"
    assert connection.exec_driver_sql(f"SELECT * FROM {both}").all()


@pytest.mark.parametrize(("question", "alias", "leading"), WAYS)
def test_few_rows_of_a_table_are_reached(connection, question, alias, leading):
    ways = reached(alias, connection, question)
    assert len(ways) == 1 if alias == "s" else ways
    assert all(any(columns in way for columns in leading) for way in ways), ways
