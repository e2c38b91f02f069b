"""Every command that writes exposures holds the lock and records its run."""

import pytest
import sqlalchemy as sa
from backends import on_mariadb, on_sqlite
from own_processes import start

from aomuse.errors import BusyError
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Listener, Result
from aomuse.ledger import run_lock, running

RUNS = "SELECT command, outcome, exposures_found, exposures_failed, row_count FROM load_run"


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("command", ["metrics", "predict"])
def test_a_command_waits_for_another_run(db, command):
    with run_lock(db.engine):
        process = start(db.url, command)
        line = process.stderr.readline()
        assert line == "waiting for another command, which holds the database\n"
        assert db.query(RUNS) == []
    process.succeed()
    assert db.query(RUNS) == [(command, "complete", 0, 0, 0)]


def test_a_run_records_what_came_of_it(db):
    issue = Issue("error", "unreadable", "it cannot be read")
    with running(db.engine, Listener()) as run:
        run.start("load", "/night")
        assert db.query(RUNS) == [("load", "running", 0, 0, 0)]
        run.report(Result("one", "loaded", 7, 0.0, ()))
        run.report(Result("two", "loaded", 5, 0.0, (issue,)))
    assert db.query(RUNS) == [("load", "issues", 2, 1, 12)]


def run_into(engine: sa.Engine, error: BaseException) -> None:
    with running(engine, Listener()) as run:
        run.start("load")
        raise error


@pytest.mark.parametrize(
    ("error", "outcome"), [(ValueError(), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_run_that_does_not_end_well(db, error, outcome):
    with pytest.raises(type(error)):
        run_into(db.engine, error)
    assert db.query(RUNS) == [("load", outcome, 0, 0, 0)]


@on_mariadb  # SQLite has no second writer
def test_the_end_of_a_run_is_recorded_after_a_lock(db):
    sa.event.listen(
        db.engine,
        "checkout",
        lambda own, *_: own.cursor().execute("SET innodb_lock_wait_timeout = 1"),
    )
    refused = []
    with db.engine.connect() as other:
        sa.event.listen(db.engine, "handle_error", lambda _: refused.append(other.rollback()))
        with running(db.engine, Listener()) as run:
            run.start("load")
            other.exec_driver_sql("SELECT id FROM load_run FOR UPDATE")
    assert refused
    assert db.query(RUNS) == [("load", "complete", 0, 0, 0)]


def test_a_run_that_was_not_started_leaves_no_row(db):
    with pytest.raises(ValueError, match="no such root"), running(db.engine, Listener()):
        raise ValueError("no such root")
    assert db.query(RUNS) == []


@on_sqlite
def test_a_load_says_that_sqlite_has_one_writer(engine):
    said = []
    other = run_lock(engine, said.append, wait_s=0.2, shared=True)
    with running(engine, Listener(), shared=True) as run:
        run.start("load")
        with pytest.raises(BusyError) as refused, other:
            pass
    why = " (SQLite has one writer at a time; loads share a database on MariaDB)"
    assert said[0].startswith("waiting for run 1 (load, process ")
    assert said[0].endswith(f" UTC), which holds the database{why}")
    assert str(refused.value).endswith(f"wait until it is free, then try again{why}")
