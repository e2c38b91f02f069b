"""Rows of all types go into a table, come back and are rolled back, before the user's do.

Nothing checks the layouts of `aomuse.libmariadb.connector_c` when a program runs: with a wrong one
the library follows whatever bytes stand where it expects an address. So a child process, with a
connection of its own, uses them first, on a few small rows. When it is killed by a signal, hangs,
or reads other values than it wrote, that is its end and not the loader's. There is no list of
versions to trust instead: the child costs a tenth of a second once a process, and it also tries out
the server. The table is one of the caller's own, so that an account which may write its rows needs
no other privilege, such as that for temporary tables.

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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.libmariadb.connector_c import Layouts, handle_of, library_of
from aomuse.libmariadb.errors import BulkUnavailable
from aomuse.libmariadb.writer import BulkArrayWriter

#: What the child answers when all is well, and how the answer begins when nothing could be tried.
_FINE, _FAILED = "fine", "the test of the library failed"


@dataclass(frozen=True)
class Trial:
    """A table that takes a few rows for a moment: what is tried out is rolled back.

    `columns` has the column for each name of `KINDS`, and all columns that cannot be NULL.
    """

    table: str
    columns: Mapping[str, str]


#: What goes into the columns of a trial, with its type in the frame. `number` is the primary key;
#: `flag`, `small`, `positive` and `measured` are DOUBLE, `big` and `counted` BIGINT, the others as
#: their names say. No row of the table may have a negative `number`.
KINDS: dict[str, Any] = {
    "number": np.int32,
    "parent": np.int32,
    "flag": np.bool_,
    "small": np.int16,
    "big": np.int64,
    "positive": np.uint64,
    "counted": "Int64",
    "measured": np.float64,
    "name": object,
    "text": object,
    "bytes": object,
    "taken": "datetime64[us]",
}

#: Rows of a trial, without their numbers. 2**64 - 2048 is not -2048 only if its sign is taken for
#: what it is.
_ROWS: list[tuple[Any, ...]] = [
    (
        *(0, 1, -32768, -(2**63), 0, None, 0.1, "NFM", ""),
        *(b"\0a\xff", dt.datetime(2024, 2, 29, 23, 59, 59, 999999)),
    ),
    (
        *(0, 0, 32767, 2**63 - 1, 2**64 - 2048, 2**53 + 1, None, None, "  two blanks  "),
        *(None, None),
    ),
    (
        *(0, 1, 0, 0, 1, -1, -2.2250738585072014e-308, "NFM"),
        *("\U0001d6fc \u00e9 ?'\\\" " * 20, b"", dt.datetime(1, 1, 1, 0, 0, 0, 1)),
    ),
    (0, 0, 1, 1, 1, 1, 1.7976931348623157e308, "WFM", None, b"?" * 300, None),
]


def examine(
    engine: Engine,
    trial: Trial,
    layouts: Layouts = Layouts(),  # noqa: B008 - immutable
) -> str | None:
    """Send the rows and read them back, in this process; return what is wrong, if something is."""
    table = sa.table(trial.table, *(sa.column(trial.columns[name]) for name in KINDS))
    number = table.c[trial.columns["number"]]
    try:
        # Nothing is committed.
        with engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            library = library_of(driver)
            version = library.mysql_get_client_info().decode()
            if library.mysql_thread_id(handle_of(driver, layouts)) != driver.connection_id:
                return f"connections of Connector/C {version} are not where they are expected"
            # Others may try the same table at this moment: equal numbers would end in a deadlock.
            first = -len(_ROWS) * (driver.connection_id % 2**28 + 1)
            sent = [(first + i, *row) for i, row in enumerate(_ROWS)]
            values = zip(KINDS.items(), zip(*sent, strict=True), strict=True)
            columns = {trial.columns[name]: pd.Series(v, dtype=k) for (name, k), v in values}
            writer = BulkArrayWriter(connection, trusted={trial.table}, layouts=layouts)
            writer.write(trial.table, pd.DataFrame(columns))
            rows = connection.execute(sa.select(table).where(number < 0).order_by(number)).all()
    except BulkUnavailable as error:
        return str(error)
    except DBAPIError as error:
        return f"{_FAILED}: {error.orig}"
    if rows != sent:
        return f"rows come back from Connector/C {version} with other values"
    return None


def try_out(
    engine: Engine,
    trial: Trial,
    examine: Callable[[Engine, Trial], str | None] = examine,
    patience_s: float = 30.0,
) -> None:
    """Make sure that rows arrive in a database as they were sent.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    trial : Trial
        The table that is written to, and then rolled back.
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
        _be_the_child(writing, partial(examine, engine, trial), engine, patience_s)
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
    writing: int, examine: Callable[[], str | None], engine: Engine, patience_s: float
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
        # The parent's connections are its own.
        engine.dispose(close=False)
        answer = examine() or _FINE
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is to hear of it
        answer = f"{_FAILED}: {type(error).__name__}: {error}"
    os.write(writing, answer.encode(errors="replace")[: select.PIPE_BUF])
    os._exit(0)
