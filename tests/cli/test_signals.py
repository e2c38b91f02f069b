"""A signal ends a command also while the database works on one statement."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from importlib.util import find_spec

import pytest
import sqlalchemy as sa
from loaded import Loaded
from own_processes import wait_until

from aomuse import signals
from aomuse.db import create_engine

#: Takes ten minutes or more.
LONG = {
    "sqlite": (
        "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 4000000000)"
        " SELECT MAX(x) FROM n)"
    ),
    "mariadb": "SLEEP(600)",
}
#: What takes longer has waited for one of these, or hangs.
HANGING_S = 240


@contextmanager
def beside(send: Callable[[Callable[[], bool]], None]):
    """Let a thread send signals to this process; it gets what tells whether it is too late."""
    ended = threading.Event()
    thread = threading.Thread(target=send, args=(ended.is_set,))
    thread.start()
    begun = time.monotonic()
    try:
        yield
        assert time.monotonic() - begun < HANGING_S
    finally:  # a signal that comes after a failure would end the tests
        ended.set()
        thread.join()


@pytest.fixture
def wait_for(db, backend):
    """Give a function that waits until the database works on a statement with a text."""
    begun = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        begun.append(statement)

    def is_at_work(text: str) -> bool:
        at_work = begun if backend == "sqlite" else statements(db)
        return any(text in statement for statement in at_work)

    def wait_for(text: str, is_over: Callable[[], bool]) -> bool:
        while not is_at_work(text):
            if is_over():
                return False
            time.sleep(0.02)
        time.sleep(0.2)  # it has begun, or does in this moment
        return True

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield wait_for
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.fixture
def signal_while(wait_for):
    """Give a context in which a signal comes while a statement with a text is at work."""

    def signal_while(text: str, number: int = signal.SIGINT):
        def send(is_over: Callable[[], bool]) -> None:
            if wait_for(text, is_over):
                os.kill(os.getpid(), number)

        return beside(send)

    return signal_while


@pytest.fixture
def report(db, backend, tmp_path):
    """Give a function that makes a report, whose query takes long."""
    columns = [column["name"] for column in sa.inspect(db.engine).get_columns("v_gain")]
    values = ", ".join(
        f"{'NULL' if place else LONG[backend]} AS {name}" for place, name in enumerate(columns)
    )
    db.execute(
        "INSERT INTO target (name) VALUES ('M 54')",
        "DROP VIEW v_gain",
        f"CREATE VIEW v_gain AS SELECT {values}",
    )

    def report():
        ended = db.run("report", tmp_path / "report.html")
        assert ended.errors[-1].startswith("aomuse: interrupted"), ended.text
        assert not list(tmp_path.glob("report*"))
        return ended.code

    return report


@pytest.mark.parametrize("backend", ["mariadb"])
def test_an_account_that_is_gone_is_not_a_silent_server(
    db, db_url, report, mariadb_server, signal_while
):
    admin = sa.create_engine(mariadb_server.admin_url)
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE USER gone@'%' IDENTIFIED BY 'gone'")
        connection.exec_driver_sql("CREATE USER gone@localhost IDENTIFIED BY 'gone'")
        gone = create_engine(
            sa.make_url(db_url).set(username="gone", password="gone", database="information_schema")
        )
        held = gone.raw_connection()
        connection.exec_driver_sql("DROP USER gone@'%', gone@localhost")
    with signal_while("v_gain"):
        assert report() == 130
    assert statements(db) == []
    held.invalidate()
    for engine in (admin, gone):
        engine.dispose()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_long_statement(number, db, report, signal_while):
    with signals.finish_on_interrupt():
        os.kill(os.getpid(), number)  # which no command counts, nor takes for its own
    with signal_while("v_gain", number):
        assert report() == 128 + number
    if db.engine.dialect.name == "mariadb":
        assert statements(db) == []


def statements(db: Loaded) -> list[str]:
    """Give what the server still works on."""
    return [
        row[0]
        for row in db.query(
            "SELECT info FROM information_schema.processlist"
            " WHERE db = DATABASE() AND command <> 'Sleep' AND id <> CONNECTION_ID()"
        )
    ]


@pytest.mark.parametrize("backend", ["mariadb"])
def test_a_signal_ends_a_statement_of_a_server_that_does_not_answer(
    db, db_url, report, mariadb_server, wait_for
):
    # Other accounts or options of the same server need not be waited for.
    others = [
        create_engine(sa.make_url(db_url).update_query_dict({"connect_timeout": str(seconds)}))
        for seconds in (2 * HANGING_S, 3 * HANGING_S)
    ]
    connections = [other.connect() for other in others]

    def halt(is_over: Callable[[], bool]) -> None:
        if wait_for("v_gain", is_over):
            os.kill(mariadb_server.pid(), signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGINT)

    try:
        with beside(halt):
            assert report() == 130
    finally:
        os.kill(mariadb_server.pid(), signal.SIGCONT)
        for connection in connections:
            connection.invalidate()
        for other in others:
            other.dispose()


STORING = "INSERT INTO psf_prediction ("


@pytest.fixture
def predict(db, tree):
    """Give a function that runs predict, whose only statement for an exposure waits for a lock."""
    if find_spec("muse_psfr") is None:
        pytest.skip("needs the extra psfr")
    tree.add(1, without=["raw", "prm", "psf"])
    db.load(tree.root)
    db.execute(
        "CREATE TRIGGER slow BEFORE INSERT ON psf_prediction FOR EACH ROW"
        " SET NEW.reason = CONCAT(NEW.reason, GET_LOCK(DATABASE(), 200))"
    )

    def predict() -> list[object]:
        assert db.run("predict").code == 130
        runs = [row for row in db.rows("load_run") if row["command"] == "predict"]
        return [row["outcome"] for row in runs]

    return predict


@pytest.fixture
def holder(db):
    """Hold the lock."""
    with db.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT GET_LOCK(DATABASE(), 0)")) == 1
        yield connection
        connection.invalidate()


@pytest.mark.parametrize("backend", ["mariadb"])
def test_the_first_signal_lets_a_run_finish_its_statement(backend, db, predict, holder, wait_for):
    def send(is_over: Callable[[], bool]) -> None:
        if wait_for(STORING, is_over):
            os.kill(os.getpid(), signal.SIGINT)
            wait_until(signals.is_waiting)
            time.sleep(1)  # in which a statement that was not let finish would end
            holder.scalar(sa.text("SELECT RELEASE_LOCK(DATABASE())"))

    with beside(send):
        assert predict() == ["interrupted"]
    assert db.count("psf_prediction") == 1


@pytest.mark.parametrize("backend", ["mariadb"])
def test_the_second_signal_ends_the_statement_of_a_run(backend, db, predict, holder, wait_for):
    def send(is_over: Callable[[], bool]) -> None:
        if wait_for(STORING, is_over):
            os.kill(os.getpid(), signal.SIGINT)
            wait_until(signals.is_waiting)
            os.kill(os.getpid(), signal.SIGINT)

    with beside(send):
        assert predict() == ["interrupted"]
    assert db.count("psf_prediction") == 0
