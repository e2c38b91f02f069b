"""The parts of `make bench`: contestants agree, questions are asked, tables are right."""

import shutil

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from aomuse import pipeline
from aomuse.models import Base
from aomuse.simulate import simulate
from scripts.bench.at_size import QUESTIONS
from scripts.bench.many import multiply
from scripts.bench.page import PAGE, with_blocks
from scripts.bench.questions import ask
from scripts.bench.slices import NEEDED
from scripts.bench.slices import QUESTIONS as SLICES
from scripts.bench.source_rows import RIVALS
from scripts.bench.tables import contest
from scripts.bench.warehouse import Warehouse
from scripts.bench.whole_loads import ADVISED, stages, without_advised


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "tree"
    simulate(folder, exposures=1, sources=2, layers=8)
    shutil.rmtree(folder / "analysis" / "maoppy", ignore_errors=True)
    return folder


@pytest.fixture
def warehouse(mariadb_server, tmp_path):
    return Warehouse(mariadb_server, tmp_path)


def test_the_rivals_store_the_same_rows(warehouse, tmp_path):
    keys = pd.DataFrame({"psf_fit_id": 1, "layer": np.arange(3), "pampelmuse_id": 7})
    rows = keys.join(
        pd.DataFrame(
            {c: [0.1, np.nan, -1e300] for c in ("snr", "flux", "fwhm", "beta", "xc", "yc")}
        )
    )
    for name, rival in RIVALS.items():
        assert rival(warehouse, rows, tmp_path) > 0, name
        with sa.create_engine(warehouse.server.url).connect() as connection:
            stored = pd.read_sql_query("SELECT * FROM source_sample ORDER BY layer", connection)
        pd.testing.assert_frame_equal(stored, rows, check_exact=True, obj=name)


def test_blobs_samples_and_summaries_answer_alike(warehouse, root):
    """`ask` ends the program where they differ."""
    seconds = ask(warehouse, root, rounds=1)
    assert [len(each) for each in seconds.values()] == [1, 1, 1]
    assert all(each[0] > 0 for each in seconds.values())


@pytest.mark.parametrize("backend", ["mariadb", "sqlite"])
def test_stages(warehouse, root, backend):
    assert min(stages(warehouse, root, backend).values()) > 0


def test_the_servers_defaults_for_a_while(warehouse):
    admin = sa.create_engine(warehouse.admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        seen = []

        def look() -> None:
            values = (f"@@GLOBAL.{name}" for name in ADVISED)
            seen.append(tuple(connection.exec_driver_sql(f"SELECT {', '.join(values)}").one()))

        connection.exec_driver_sql("SET GLOBAL innodb_adaptive_hash_index = 1")
        try:
            look()
            with without_advised(warehouse):
                look()
            look()
        finally:
            connection.exec_driver_sql("SET GLOBAL innodb_adaptive_hash_index = DEFAULT")
    default_size = 96 << 20
    assert seen == [(1, default_size), (0, default_size), (1, default_size)]


def test_questions_to_repeated_exposures(engine, root):
    pipeline.load(engine, [root])
    assert multiply(engine, 3) == 3
    with engine.connect() as connection:
        for _, question, sql in QUESTIONS:
            connection.exec_driver_sql(sql).all()
            assert question
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM v_exposure")) == 3
        assert connection.scalar(sa.text("SELECT COUNT(DISTINCT night) FROM v_night")) == 3


def test_slices_of_repeated_exposures(engine, root):
    pipeline.load(engine, [root])
    with engine.connect() as connection:
        samples = connection.scalar(sa.text("SELECT COUNT(*) FROM source_sample"))
    assert multiply(engine, 3, frozenset(Base.metadata.tables) - NEEDED) == 3
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM v_source_sample")) == 3 * samples
        for question, _, sql in SLICES:
            connection.exec_driver_sql(sql).all()
            assert question


def test_a_table_of_figures():
    seconds = {"ours": [1.0, 4.0, 2.0], "rival": [8.0, 4.0, 6.0], "once": [3.0]}
    assert contest(seconds, "rival", ("method", "s", "speed")).splitlines() == [
        "| method | s | range | speed |",
        "| --- | ---: | ---: | ---: |",
        "| ours | 2.00 | 1.00 to 4.00 | 3.00 |",
        "| rival | 6.00 | 4.00 to 8.00 | 1.00 |",
        "| once | 3.00 |  | 2.00 |",
    ]


def test_tables_go_into_the_page_between_their_markers():
    page = PAGE.read_text()
    new = with_blocks(page, {"whole-loads": "| new |", "slices": "| newer |"})
    assert "<!-- make bench: whole-loads -->\n| new |\n<!-- end -->" in new
    assert "<!-- make bench: slices -->\n| newer |\n<!-- end -->" in new
    assert with_blocks(new, {}) == new
    changed = set(page.splitlines()) ^ set(new.splitlines())
    assert all(line.startswith(("|", "Seconds over", "With two")) for line in changed)
    with pytest.raises(SystemExit, match="no place for nowhere"):
        with_blocks(page, {"nowhere": "| lost |"})
