"""No query that is shipped averages over instrument modes, and none shows a FWHM in pixels."""

import re
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from pages import WRITTEN, blocks

from aomuse.db import create_engine
from aomuse.pipeline import load
from aomuse.query.refresh import refresh
from aomuse.schema import upgrade
from aomuse.simulate import simulate
from scripts.first_queries import FIRST_QUERIES

pytestmark = pytest.mark.usefixtures("slow")

QUERIES = {f"{b.page.name}:{b.line}": b.text for p in WRITTEN for b in blocks(p) if b.is_query}
QUERIES |= dict(FIRST_QUERIES)
#: What makes one number of several values; a number of things may be one of all modes.
AVERAGES = re.compile(r"\b(AVG|MIN|MAX|MEDIAN|STDDEV|SUM)\s*\((?!exposure_time_s|row_count)", re.I)
#: The names of columns in pixels, whose size differs by mode, and scales written into a query.
PIXELS = re.compile(r"\bfwhm_pixel\b|\bmedian_fwhm\b|\b0\.2 ?\*|\* ?0\.2\b|\b0\.025\b", re.I)
IN_ONE_MODE = re.compile(r"\(SELECT MIN\(\w+\) FROM \w+[^)]*\)")


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Give databases of one target in one night: in all modes, and in each alone."""
    folder = tmp_path_factory.mktemp("modes")
    simulate(folder / "night", sources=1)
    engine = create_engine(f"sqlite:///{folder}/all.db")
    upgrade(engine)
    assert load(engine, [folder / "night"]).failed == 0
    with engine.begin() as connection:
        first = sa.text("UPDATE exposure SET target_id = (SELECT MIN(id) FROM target)")
        connection.execute(first)
        modes = connection.scalars(sa.text("SELECT DISTINCT instrument_mode FROM exposure")).all()
    refresh(engine)
    engine.dispose()
    assert {"WFM-AO-N", "WFM-NOAO-N", "NFM-AO-N"} <= {*modes}
    databases = {"": engine}
    for mode in modes:
        path = Path(folder / f"{mode}.db")
        path.write_bytes((folder / "all.db").read_bytes())
        databases[mode] = create_engine(f"sqlite:///{path}")
        with databases[mode].begin() as connection:
            others = sa.text("DELETE FROM exposure WHERE instrument_mode <> :mode")
            connection.execute(others, {"mode": mode})
    return databases


def averaging(sql: str) -> bool:
    return bool(AVERAGES.search(IN_ONE_MODE.sub("", sql)))


def test_there_are_queries_that_average():
    assert sum(map(averaging, QUERIES.values())) > 8


def rows_of_all_and_apart(night: dict[str, sa.Engine], query: str) -> list[Counter[sa.Row]]:
    """Give the rows of a query in all modes together, and those of each mode."""
    sql = re.sub(r"\bLIMIT \d+", "", query).rstrip().rstrip(";")

    def rows(mode: str) -> Counter[sa.Row]:
        with night[mode].connect() as connection:
            return Counter(connection.execute(sa.text(sql)).all())

    return [rows(""), sum((rows(mode) for mode in night if mode), Counter())]


@pytest.mark.parametrize("name", [n for n, sql in QUERIES.items() if averaging(sql)])
def test_no_row_averages_over_modes(name, night):
    together, apart = rows_of_all_and_apart(night, QUERIES[name])
    assert together == apart
    assert together


def test_a_row_over_modes_would_be_seen(night):
    query = "SELECT target, AVG(fwhm_700nm) FROM v_psf_fit_metrics GROUP BY target"
    together, apart = rows_of_all_and_apart(night, query)
    assert (together.total(), apart.total()) == (1, len(night) - 1)


def test_sharpness_is_shown_in_arcsec():
    assert [name for name, sql in QUERIES.items() if PIXELS.search(sql)] == []
