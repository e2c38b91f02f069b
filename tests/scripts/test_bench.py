"""The parts of `make bench`: contestants agree, questions are asked, tables are right."""

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from fits_factory import SAMPLE_COLUMNS
from warehouse import execute, query

from aomuse.models import Base
from aomuse.simulate import simulate
from scripts.bench.at_size import QUESTIONS
from scripts.bench.many import LEFT_OUT, multiply
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
    folder = tmp_path_factory.mktemp("bench")
    simulate(folder, exposures=1, sources=2, layers=8)
    return folder


@pytest.fixture
def warehouse(mariadb_server, tmp_path):
    return Warehouse(mariadb_server, tmp_path)


def test_the_rivals_store_the_same_rows(warehouse, tmp_path):
    rows = pd.DataFrame({"psf_fit_id": 1, "layer": np.arange(3), "pampelmuse_id": 7})
    for column in SAMPLE_COLUMNS:
        rows[column] = [0.1, np.nan, -1e300]
    for name, rival in RIVALS.items():
        assert rival(warehouse, rows, tmp_path) > 0, name
        engine = sa.create_engine(warehouse.server.url, poolclass=sa.NullPool)
        stored = pd.read_sql_query("SELECT * FROM source_sample ORDER BY layer", engine)
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
    engine = sa.create_engine(warehouse.admin_url, poolclass=sa.NullPool)
    advised = f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in ADVISED)}"
    default_size = 96 << 20
    execute(engine, "SET GLOBAL innodb_adaptive_hash_index = 1")
    try:
        assert query(engine, advised) == [(1, default_size)]
        with without_advised(warehouse):
            assert query(engine, advised) == [(0, default_size)]
        assert query(engine, advised) == [(1, default_size)]
    finally:
        execute(engine, "SET GLOBAL innodb_adaptive_hash_index = DEFAULT")


@pytest.mark.parametrize(
    ("questions", "left_out"),
    [
        ([row[1:] for row in QUESTIONS], LEFT_OUT),
        ([row[::2] for row in SLICES], frozenset(Base.metadata.tables) - NEEDED),
    ],
    ids=["views", "slices"],
)
def test_questions_to_repeated_exposures(engine, root, load_once, questions, left_out):
    load_once(root)
    counts = (
        "SELECT (SELECT COUNT(*) FROM v_exposure), (SELECT COUNT(DISTINCT night) FROM v_night),"
        " (SELECT COUNT(*) FROM v_source_sample)"
    )
    ((*_, samples),) = query(engine, counts)
    assert multiply(engine, 3, left_out) == 3
    assert query(engine, counts) == [(3, 3, samples * (1 if "source_sample" in left_out else 3))]
    for question, sql in questions:
        query(engine, sql)
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
