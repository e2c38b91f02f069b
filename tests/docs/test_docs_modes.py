"""No query that is shipped averages over instrument modes, and none shows a FWHM in pixels."""

import re
import shutil
from collections import Counter

import pytest
import sqlalchemy as sa
from pages import WRITTEN, blocks
from warehouse import execute, query

from aomuse.db import create_engine
from aomuse.pipeline import load
from aomuse.query.refresh import refresh
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
def night(tmp_path_factory, sqlite_template, full_night):
    """Give databases of one target in one night: in all modes, and in each alone."""
    folder = tmp_path_factory.mktemp("modes")
    database = shutil.copy(sqlite_template, folder / "all.db")
    engine = create_engine(f"sqlite:///{database}")
    assert load(engine, [full_night[0].raw.parents[1]]).failed == 0
    execute(engine, "UPDATE exposure SET target_id = (SELECT MIN(id) FROM target)")
    modes = [mode for (mode,) in query(engine, "SELECT DISTINCT instrument_mode FROM exposure")]
    refresh(engine)
    engine.dispose()
    assert {"WFM-AO-N", "WFM-NOAO-N", "NFM-AO-N"} <= {*modes}
    databases = {"": engine}
    for mode in modes:
        copy = shutil.copy(database, folder / f"{mode}.db")
        databases[mode] = create_engine(f"sqlite:///{copy}")
        execute(databases[mode], f"DELETE FROM exposure WHERE instrument_mode <> '{mode}'")
    return databases


def rows_of_all_and_apart(night: dict[str, sa.Engine], shown: str) -> list[Counter[tuple]]:
    """Give the rows of a query in all modes together, and those of each mode."""
    sql = re.sub(r"\bLIMIT \d+", "", shown).rstrip().rstrip(";")
    together, *apart = (Counter(query(engine, sql)) for engine in night.values())
    return [together, sum(apart, Counter())]


AVERAGING = [name for name, sql in QUERIES.items() if AVERAGES.search(IN_ONE_MODE.sub("", sql))]


@pytest.mark.parametrize("name", AVERAGING)
def test_no_row_averages_over_modes(name, night):
    together, apart = rows_of_all_and_apart(night, QUERIES[name])
    assert together == apart
    assert together


def test_a_row_over_modes_would_be_seen(night):
    mean = "SELECT target, AVG(fwhm_700nm) FROM v_psf_fit_metrics GROUP BY target"
    together, apart = rows_of_all_and_apart(night, mean)
    assert (together.total(), apart.total()) == (1, len(night) - 1)
    assert len(AVERAGING) > 8


def test_sharpness_is_shown_in_arcsec():
    assert [name for name, sql in QUERIES.items() if PIXELS.search(sql)] == []
