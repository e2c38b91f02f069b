"""An exposure is stored whole or not at all."""

from dataclasses import replace
from typing import Any

import fits_factory as factory
import pytest
import sqlalchemy as sa

from aomuse import stages
from aomuse.db import write_transaction
from aomuse.exchange.frames import Rows
from aomuse.load.writer_choice import WriterChoice, choose_writer
from aomuse.stored.writer import BulkWriter

Whole = dict[int, dict[str, Any]]

TABLES = (
    *("source_file", "header_card", "table_value", "sparta_atm"),
    *("psf_parameter", "source_sample", "special_value"),
)


def with_infinities(hdus: Any) -> None:
    hdus["PM_3"].data["flux"][:] = float("-inf")


class HalfWriter:
    """Writes as another does, but of one table half of the rows, and then fails."""

    def __init__(self, writer: BulkWriter, table: str, reached: list[str]) -> None:
        self._writer = writer
        self._table = table
        self._reached = reached

    def write(self, table: str, rows: Rows) -> int:
        if table != self._table or self._reached:
            return self._writer.write(table, rows)
        self._reached.append(table)
        half = {str(name): values[: len(values) // 2] for name, values in rows.items()}
        self._writer.write(table, half)
        raise RuntimeError(f"no more room for {table}")


@pytest.fixture
def fail_at(monkeypatch):
    """Give a function that lets the first write of a table fail, once."""

    def arrange(table: str) -> list[str]:
        reached: list[str] = []

        def spoiled(engine: sa.Engine) -> WriterChoice:
            way = choose_writer(engine)
            return replace(
                way, make_writer=lambda c: HalfWriter(way.make_writer(c), table, reached)
            )

        monkeypatch.setattr(stages, "choose_writer", spoiled)
        return reached

    return arrange


@pytest.mark.parametrize(
    ("backend", "table"),
    # SQLite writes every table by the same statement.
    [("sqlite", "header_card"), ("sqlite", "special_value"), *(("mariadb", t) for t in TABLES)],
)
def test_a_failure_in_the_middle_leaves_nothing(db, table, tree, fail_at, whole):
    files, good = tree.add(1), tree.add(2)
    factory.edit(files.psf, with_infinities)
    reached = fail_at(table)
    done = db.run("load", "--workers", 1, tree.root)
    assert reached == [table]
    assert done.code == 1
    assert len(done.errors) == 1
    assert "could not be stored" in done.err
    assert "no more room" in done.err
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
    before = db.contents(but=("load_run", "load_issue", "keyword", "table_layout"))
    factory.write(files.psf, factory.psf(seed=5))
    fail_at(table)
    assert db.run("load", "--workers", 1, tree.root).code == 1
    assert db.contents(but=("load_run", "load_issue", "keyword", "table_layout")) == before
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
    cube = factory.reduced(1)
    cube[0].header["ESO OBS TARG NAME"] = "47 Tuc"
    factory.write(files.reduced, cube)
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
    assert run["outcome"] == "complete"
    assert run["row_count"] > 100
    assert run["finished_utc"] >= run["started_utc"]
    assert run["root"] == str(tree.root)
