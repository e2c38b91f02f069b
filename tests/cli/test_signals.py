"""A signal ends a command also while the database works on one statement."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

import pytest
import sqlalchemy as sa
from backends import on_mariadb
from own_processes import wait_until

from aomuse import signals
from aomuse.db import create_engine

#: Takes ten minutes or more.
LONG = {
    "sqlite": "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 4000000000)"
    " SELECT MAX(x) FROM n)",
    "mariadb": "SLEEP(600)",
}
#: What takes longer has waited for one of these, or hangs.
HANGING_S = 240


def interrupt(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.fixture
def statements(db):
    """Give a function that gives what the server still works on."""
    return lambda: [
        row[0]
        for row in db.query(
            "SELECT info FROM information_schema.processlist"
            " WHERE db = DATABASE() AND command <> 'Sleep' AND id <> CONNECTION_ID()"
        )
    ]


@pytest.fixture
def while_at_work(statements, backend):
    """Give a context in which a thread acts once the database works on a statement with a text."""
    begun = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        begun.append(statement)

    @contextmanager
    def while_at_work(text, act):
        ended = threading.Event()

        def wait_and_act() -> None:
            while not any(text in at for at in (begun if backend == "sqlite" else statements())):
                if ended.wait(0.02):
                    return
            time.sleep(0.2)  # it has begun, or does in this moment
            act()

        thread = threading.Thread(target=wait_and_act)
        thread.start()
        start = time.monotonic()
        try:
            yield
            assert time.monotonic() - start < HANGING_S
        finally:  # a signal that comes after a failure would end the tests
            ended.set()
            thread.join()

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield while_at_work
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.fixture
def report(db, backend, tmp_path, while_at_work):
    """Give a function that makes a report, whose query takes long, and acts meanwhile."""
    columns = [column["name"] for column in sa.inspect(db.engine).get_columns("v_gain")]
    values = ", ".join(
        f"{'NULL' if place else LONG[backend]} AS {name}" for place, name in enumerate(columns)
    )
    db.execute(
        "INSERT INTO target (name) VALUES ('M 54')",
        "DROP VIEW v_gain",
        f"CREATE VIEW v_gain AS SELECT {values}",
    )

    def report(act):
        with while_at_work("v_gain", act):
            ended = db.run("report", tmp_path / "report.html")
        assert ended.errors[-1].startswith("aomuse: interrupted"), ended.text
        assert not list(tmp_path.glob("report*"))
        return ended.code

    return report


@on_mariadb
def test_an_account_that_is_gone_is_not_a_silent_server(db, report, administrator, statements):
    accounts = "gone@'%%'", "gone@localhost"
    for account in accounts:
        administrator.exec_driver_sql(f"CREATE USER {account} IDENTIFIED BY 'gone'")
    url = sa.make_url(db.url).set(username="gone", password="gone", database="information_schema")
    gone = create_engine(url)
    held = gone.raw_connection()
    administrator.exec_driver_sql(f"DROP USER {', '.join(accounts)}")
    assert report(interrupt) == 130
    assert statements() == []
    held.invalidate()
    gone.dispose()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_long_statement(number, backend, report, statements):
    with signals.finish_on_interrupt():
        interrupt(number)  # which no command counts, nor takes for its own
    assert report(partial(interrupt, number)) == 128 + number
    if backend == "mariadb":
        assert statements() == []


@on_mariadb
def test_a_signal_ends_a_statement_of_a_server_that_does_not_answer(db, report, mariadb_server):
    # Other accounts or options of the same server need not be waited for.
    others = [
        create_engine(sa.make_url(db.url).update_query_dict({"connect_timeout": str(seconds)}))
        for seconds in (2 * HANGING_S, 3 * HANGING_S)
    ]
    connections = [other.connect() for other in others]

    def halt() -> None:
        os.kill(mariadb_server.pid(), signal.SIGSTOP)
        interrupt()

    try:
        assert report(halt) == 130
    finally:
        os.kill(mariadb_server.pid(), signal.SIGCONT)
        for connection in connections:
            connection.invalidate()
        for other in others:
            other.dispose()


@pytest.fixture
def predict(db, tree, while_at_work):
    """Give a function that interrupts predict while its only statement for an exposure waits.

    Then it acts, and gives how many predictions are stored.
    """
    if find_spec("muse_psfr") is None:
        pytest.skip("needs the extra psfr")
    tree.add(1, without=["raw", "prm", "psf"])
    db.load(tree.root)
    db.execute(
        "CREATE TRIGGER slow BEFORE INSERT ON psf_prediction FOR EACH ROW"
        " SET NEW.reason = CONCAT(NEW.reason, GET_LOCK(DATABASE(), 200))"
    )

    def predict(act):
        def interrupt_and_act() -> None:
            interrupt()
            wait_until(signals.is_waiting)
            act()

        with while_at_work("INSERT INTO psf_prediction (", interrupt_and_act):
            assert db.run("predict").code == 130
        assert db.outcomes("predict") == ["interrupted"]
        return db.count("psf_prediction")

    return predict


@pytest.fixture
def holder(db):
    """Hold the lock."""
    with db.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT GET_LOCK(DATABASE(), 0)")) == 1
        yield connection
        connection.invalidate()


@on_mariadb
def test_the_first_signal_lets_a_run_finish_its_statement(predict, holder):
    def release() -> None:
        time.sleep(1)  # in which a statement that was not let finish would end
        holder.scalar(sa.text("SELECT RELEASE_LOCK(DATABASE())"))

    assert predict(release) == 1


@on_mariadb
@pytest.mark.usefixtures("holder")
def test_the_second_signal_ends_the_statement_of_a_run(predict):
    assert predict(interrupt) == 0
