"""Rows of all types go into a temporary table and come back, before the user's do.

Nothing checks the layouts of `aomuse.libmariadb.connector_c` when a program runs: with a wrong one
the library follows whatever bytes stand where it expects an address. So a child process, with a
connection of its own, uses them first, on a few small rows. When it is killed by a signal, hangs,
or reads other values than it wrote, that is its end and not the loader's. There is no list of
versions to trust instead: the child costs a tenth of a second once a run, and it also tries out
the server.

The child is a fork, since a new interpreter would need a second for its imports. It runs nothing
of its parent's: no exit handlers, no garbage collection, hence no finalizers of connections that
the two share.
"""

from __future__ import annotations

import datetime as dt
import faulthandler
import gc
import os
import resource
import select
import signal
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from aomuse.libmariadb.connector_c import Layouts, handle_of, library_of
from aomuse.libmariadb.errors import BulkUnavailable
from aomuse.libmariadb.writer import BulkArrayWriter

#: What the child answers when all is well, and how the answer begins when nothing could be tried.
_FINE, _FAILED = "fine", "the test of the library failed"

_TABLE = "aomuse_bulk_probe"

#: Name, SQL and type in the frame of each column.
_COLUMNS: list[tuple[str, str, Any]] = [
    ("number", "INT NOT NULL PRIMARY KEY", np.int32),
    ("flag", "BOOLEAN", np.bool_),
    ("small", "SMALLINT", np.int16),
    ("big", "BIGINT", np.int64),
    ("positive", "BIGINT UNSIGNED", np.uint64),
    ("counted", "BIGINT", "Int64"),
    ("measured", "DOUBLE", np.float64),
    ("name", "VARCHAR(40)", object),
    ("text", "MEDIUMTEXT", object),
    ("bytes", "MEDIUMBLOB", object),
    ("taken", "DATETIME(6)", "datetime64[us]"),
]

_ROWS: list[tuple[Any, ...]] = [
    (
        *(1, 1, -32768, -(2**63), 0, None, 0.1, "NFM", ""),
        *(b"\0a\xff", dt.datetime(2024, 2, 29, 23, 59, 59, 999999)),
    ),
    (2, 0, 32767, 2**63 - 1, 2**64 - 1, 2**53 + 1, None, None, "  two blanks  ", None, None),
    (
        *(3, 1, 0, 0, 1, -1, -2.2250738585072014e-308, "NFM", "\U0001d6fc \u00e9 ?'\\\" " * 20),
        *(b"", dt.datetime(1, 1, 1, 0, 0, 0, 1)),
    ),
    (4, 0, 1, 1, 1, 1, 1.7976931348623157e308, "WFM", None, b"?" * 300, None),
]


def examine(url: str | URL, layouts: Layouts = Layouts()) -> str | None:  # noqa: B008 - immutable
    """Send the rows and read them back, in this process; return what is wrong, if something is."""
    columns = zip(_COLUMNS, zip(*_ROWS, strict=True), strict=True)
    frame = pd.DataFrame({name: pd.Series(v, dtype=kind) for (name, _, kind), v in columns})
    definitions = ", ".join(f"{name} {sql}" for name, sql, _ in _COLUMNS)
    try:
        with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            library = library_of(driver)
            version = library.mysql_get_client_info().decode()
            if library.mysql_thread_id(handle_of(driver, layouts)) != driver.connection_id:
                return f"connections of Connector/C {version} are not where they are expected"
            connection.exec_driver_sql(
                f"CREATE TEMPORARY TABLE {_TABLE} ({definitions}) ENGINE=InnoDB CHARSET=utf8mb4"
            )
            BulkArrayWriter(connection, layouts=layouts).write(_TABLE, frame)
            rows = connection.exec_driver_sql(f"SELECT * FROM {_TABLE} ORDER BY number").all()  # noqa: S608
    except BulkUnavailable as error:
        return str(error)
    except DBAPIError as error:
        return f"{_FAILED}: {error.orig}"
    if rows != _ROWS:
        return f"rows come back from Connector/C {version} with other values"
    return None


def try_out(
    url: str | URL,
    examine: Callable[[str | URL], str | None] = examine,
    patience_s: float = 30.0,
) -> None:
    """Make sure that rows arrive in a database as they were sent.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        The database.
    examine : callable, optional
        What the child does: returns what is wrong, or None.
    patience_s : float, optional
        Seconds that it may take.

    Raises
    ------
    BulkUnavailable
        If they do not, or nothing could be tried; the text is the reason.
    """
    if not hasattr(os, "fork"):
        raise BulkUnavailable("the library is tested in a fork, which this system does not have")
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python warns of locks that other threads hold: the child has a time limit.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _be_the_child(writing, url, examine, patience_s)
    os.close(writing)
    code = 0
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        with suppress(ChildProcessError):  # a process that ignores SIGCHLD is not told of ends
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        # Another child of this process may hold the other end open: nothing waits for it.
        os.set_blocking(reading, False)
        answer = (pipe.read(select.PIPE_BUF) or b"").decode(errors="replace")
    if code == -signal.SIGALRM:
        raise BulkUnavailable(f"the test of the library took more than {patience_s:g} s")
    if not answer:
        how = f"signal {-code}" if code < 0 else f"status {code}"
        raise BulkUnavailable(
            f"structures of Connector/C are not laid out as expected (the test process ended with "
            f"{how})"
        )
    if answer != _FINE:
        raise BulkUnavailable(answer)


def _be_the_child(
    writing: int, url: str | URL, examine: Callable[[str | URL], str | None], patience_s: float
) -> NoReturn:
    try:
        gc.disable()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        signal.setitimer(signal.ITIMER_REAL, patience_s)
        # A crash is an answer here: no traceback, no message of malloc, no core file.
        faulthandler.disable()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        answer = examine(url) or _FINE
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is to hear of it
        answer = f"{_FAILED}: {type(error).__name__}: {error}"
    os.write(writing, answer.encode(errors="replace")[: select.PIPE_BUF])
    os._exit(0)
