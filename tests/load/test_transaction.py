"""An exposure is stored whole or not at all."""

from dataclasses import replace
from types import SimpleNamespace

import fits_factory as factory
import pytest
import sqlalchemy as sa

from aomuse import stages
from aomuse.db import write_transaction
from aomuse.exchange.frames import Rows
from aomuse.load.writer_choice import WriterChoice, choose_writer

TABLES = (
    *("source_file", "header_card", "table_value", "sparta_atm"),
    *("psf_parameter", "source_sample", "special_value"),
)


@pytest.fixture
def fail_at(monkeypatch):
    """Give a function that lets the first write of a table fail after half of its rows, once."""

    def arrange(table: str) -> list[str]:
        reached: list[str] = []

        def half_writer(way: WriterChoice, connection: sa.Connection) -> SimpleNamespace:
            write = way.make_writer(connection).write

            def write_half(name: str, rows: Rows) -> int:
                if name != table or reached:
                    return write(name, rows)
                reached.append(table)
                half = len(rows[next(iter(rows))]) // 2
                write(name, {str(column): rows[column][:half] for column in rows})
                raise RuntimeError(f"no more room for {table}")

            return SimpleNamespace(write=write_half)

        def choose(engine: sa.Engine) -> WriterChoice:
            way = choose_writer(engine)
            return replace(way, make_writer=lambda connection: half_writer(way, connection))

        monkeypatch.setattr(stages, "choose_writer", choose)
        return reached

    return arrange


@pytest.mark.parametrize(
    ("backend", "table"),
    # SQLite writes every table by the same statement.
    [("sqlite", "header_card"), ("sqlite", "special_value"), *(("mariadb", t) for t in TABLES)],
)
def test_a_failure_in_the_middle_leaves_nothing(db, table, tree, fail_at, whole):
    files, good = tree.add(1), tree.add(2)
    psf = factory.psf()
    psf["PM_3"].data["flux"][:] = float("-inf")
    factory.write(files.psf, psf)
    reached = fail_at(table)
    line = db.fail("load", "--workers", 1, tree.root)
    assert reached == [table]
    assert "could not be stored" in line
    assert "no more room" in line
    assert db.exposure(files.archive_id) == {}
    assert [row["archive_id"] for row in db.rows("exposure")] == [good.archive_id]
    assert db.exposure(good.archive_id) == whole[2]
    assert [code for code, _ in db.open_issues()] == ["not_stored"]

    db.load("--workers", 1, tree.root)
    assert db.open_issues() == []
    assert len(db.exposure(files.archive_id)["source_sample"]) == 10


@pytest.mark.parametrize("table", ["header_card", "source_sample"])
def test_a_failure_in_the_middle_of_a_replacement_keeps_the_old_rows(
    db, table, tree, fail_at, whole
):
    files = tree.add(1)
    db.load(tree.root)
    left_out = ("load_run", "load_issue", "keyword", "table_layout")
    before = db.contents(but=left_out)
    factory.write(files.psf, factory.psf(seed=5))
    fail_at(table)
    assert db.run("load", "--workers", 1, tree.root).code == 1
    assert db.contents(but=left_out) == before
    db.load(tree.root)
    after = db.exposure(files.archive_id)
    assert after["psf_parameter"] == whole[1]["psf_parameter"]
    assert after["source_sample"] != whole[1]["source_sample"]


def test_a_write_transaction_rolls_back(db):
    def fail() -> None:
        with write_transaction(db.engine) as connection:
            connection.exec_driver_sql("INSERT INTO target (name) VALUES ('M54')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert db.count("target") == 0


def test_targets_that_nothing_names_any_more(db, tree):
    """The old name of a target that was corrected is not shown as observed."""
    files = tree.add(1)
    db.run("load", tree.root)
    factory.write(files.reduced, factory.reduced(1, ESO__OBS__TARG__NAME="47 Tuc"))
    db.load(tree.root)
    named = db.scalar("SELECT t.name FROM exposure e JOIN target t ON t.id = e.target_id")
    assert named == "47 Tuc"


def test_ids_of_runs_and_files(db, tree):
    files = tree.add(1)
    db.run("load", tree.root)
    factory.write(files.psf, factory.psf(seed=5))
    db.run("load", tree.root)
    assert {row["load_run_id"] for row in db.rows("source_file")} == {2}
    run = db.rows("load_run")[1]
    assert (run["outcome"], run["root"]) == ("complete", str(tree.root))
    assert run["row_count"] > 100
    assert run["finished_utc"] >= run["started_utc"]
