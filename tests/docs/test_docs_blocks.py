"""Every block of code in the documentation does what the page says."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from pages import README, WRITTEN, Block, Reader, blocks, equal

from aomuse.db import create_engine
from aomuse.pipeline import load
from aomuse.schema import upgrade
from aomuse.simulate import simulate

pytestmark = pytest.mark.usefixtures("processes")

ACCOUNTS = ("muse_loader", "muse_reader")
SELECTS = [block for page in WRITTEN for block in blocks(page) if block.is_query]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Make the sample night in a few layers: a page shows what `make load` gives its reader."""
    folder = tmp_path_factory.mktemp("night")
    simulate(folder, layers=24)
    return folder


@pytest.fixture(scope="module")
def small_database(tmp_path_factory, night):
    """Load the small tree into a file, which is then copied."""
    path = tmp_path_factory.mktemp("small") / "aomuse.db"
    engine = create_engine(f"sqlite:///{path}")
    upgrade(engine)
    assert load(engine, [night]).failed == 0
    engine.dispose()
    return path


@pytest.fixture
def reader(tmp_path, night, mariadb_server):
    """Give somebody who has a server, a night, and an empty clone."""
    password = "r0=15cm@500nm"
    (tmp_path / ".my.cnf").write_text(
        f"[client]\nuser=muse_loader\npassword='{password}'\n"
        f"host=127.0.0.1\nport={mariadb_server.port}\n"
    )
    stand_ins = {
        "/data/night": str(night),
        "db.example.org:3306": f"127.0.0.1:{mariadb_server.port}",
        "/etc/ssl/certs/muse-ca.pem": str(mariadb_server.certificate),
        "4294967296": "134217728",
    }
    yield Reader(tmp_path, stand_ins, mariadb_server.admin_url)
    engine = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS muse")
        for account in ACCOUNTS:
            connection.exec_driver_sql(f"DROP USER IF EXISTS {account}")
    engine.dispose()


def test_the_readme_shows_what_the_sample_night_gives(reader):
    """In order, from an empty clone, with the sample that make load writes."""
    problems = [problem for block in blocks(README) for problem in reader.try_out(block)]
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize(
    "page", [p for p in WRITTEN if p != README and p.name != "cookbook.md"], ids=lambda p: p.name
)
def test_the_blocks_of_a_page_run(page, reader, small_database):
    shutil.copy(small_database, reader.folder)
    problems = [problem for block in blocks(page) for problem in reader.try_out(block)]
    assert not problems, "\n\n".join(problems)


def test_queries_run_on_both_engines(engine, night, load_once):
    load_once(night)
    for block in SELECTS:
        if block.page.name == "mariadb.md" and engine.dialect.name == "sqlite":
            continue
        with engine.connect() as connection:
            frame = pd.read_sql_query(sa.text(block.text.rstrip().rstrip(";")), connection)
        # some ask for wavelengths that the small night does not reach
        far = block.page == README or re.search("v_gain|v_residual|v_strehl|700-800", block.text)
        assert len(frame) or far, f"{block} finds nothing"


def test_the_cookbook_runs_on_both_engines(db_url, night, tmp_path, load_once):
    load_once(night)
    reader = Reader(tmp_path)
    reader.environment = reader.environment | {"AOMUSE_DATABASE_URL": db_url}
    page = README.parent / "docs" / "cookbook.md"
    problems = [problem for block in blocks(page) for problem in reader.try_out(block)]
    assert not problems, "\n\n".join(problems)


def test_every_block_says_what_it_is():
    known = {"sql", "console", "python", "text", "mermaid"}
    wrong = [str(b) for page in WRITTEN for b in blocks(page) if b.language not in known]
    assert not wrong


@pytest.mark.parametrize(
    ("shown", "real", "same"),
    [
        ("a 1.52 s\n", "a 0.07 s\n", True),
        ("a\n…\nb\n", "a\nx\ny\nb\n", True),
        ("a\n…\nb\n", "a\nb\n", True),
        ("a\n…\n", "a\n", True),
        ("…\nb\n", "a\nb\n", True),
        ("a\n…\nb\n", "a\nx\n", False),
        ("a  b\n", "a b\n", False),
        ("1.5\n", "1.6\n", False),
    ],
)
def test_outputs_are_compared_as_shown(shown, real, same):
    assert equal(shown, real) is same


def test_a_wrong_page_is_found_out(tmp_path):
    reader = Reader(tmp_path)
    page = Path(__file__)
    failing = Block(page, 1, "console", "$ echo out; exit 3\n")
    changed = Block(page, 1, "python", "print(1)\n", "2\n")
    unknown = Block(page, 1, "", "make\n")
    for block in (failing, changed, unknown):
        assert list(reader.try_out(block))
    exported = Block(page, 1, "console", "$ export A='b c'\n$ echo \"$A\"\nb c\n")
    assert not list(reader.try_out(exported))
