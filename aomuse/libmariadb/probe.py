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
import time
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

#: Seconds that the child may take.
PATIENCE_S = 30.0

_TABLE = "aomuse_bulk_probe"

_CREATE = f"""
CREATE TEMPORARY TABLE {_TABLE} (
    number INT NOT NULL PRIMARY KEY, flag BOOLEAN, small SMALLINT, big BIGINT,
    positive BIGINT UNSIGNED, counted BIGINT, measured DOUBLE, named VARCHAR(40), told MEDIUMTEXT,
    held MEDIUMBLOB, taken DATETIME(6)
) ENGINE=InnoDB CHARACTER SET utf8mb4
"""

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

_TYPES: dict[str, Any] = {
    "number": np.int32,
    "flag": np.bool_,
    "small": np.int16,
    "big": np.int64,
    "positive": np.uint64,
    "counted": "Int64",
    "measured": np.float64,
    "named": object,
    "told": object,
    "held": object,
    "taken": "datetime64[us]",
}


def examine(url: str | URL, layouts: Layouts = Layouts()) -> str | None:  # noqa: B008 - immutable
    """Send the rows and read them back, in this process; return what is wrong, if something is."""
    columns = zip(_TYPES.items(), zip(*_ROWS, strict=True), strict=True)
    frame = pd.DataFrame({name: pd.Series(v, dtype=kind) for (name, kind), v in columns})
    try:
        with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            library = library_of(driver)
            version = library.mysql_get_client_info().decode()
            if library.mysql_thread_id(handle_of(driver, layouts)) != driver.connection_id:
                return f"connections of Connector/C {version} are not where they are expected"
            connection.exec_driver_sql(_CREATE)
            BulkArrayWriter(connection, layouts=layouts).write(_TABLE, frame)
            rows = connection.exec_driver_sql(f"SELECT * FROM {_TABLE} ORDER BY number").all()  # noqa: S608
    except BulkUnavailable as error:
        return str(error)
    except DBAPIError as error:
        return f"trying the library out failed: {error.orig}"
    if rows != _ROWS:
        return f"rows come back from Connector/C {version} with other values"
    return None


def try_out(
    url: str | URL,
    examine: Callable[[str | URL], str | None] = examine,
    patience_s: float = PATIENCE_S,
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
        raise BulkUnavailable("this system has no fork, by which the library is tried out")
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python warns of locks that other threads hold: the child needs none of theirs, and it
        # has a time limit.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _be_the_child(writing, url, examine, patience_s)
    os.close(writing)
    try:
        said = _listen(reading, patience_s)
    finally:
        os.close(reading)
        # It has nothing left to do, or is not to be waited for.
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        status = _end_of(child)
    if said == b"ok":
        return
    if said is None:
        raise BulkUnavailable(f"trying the library out took more than {patience_s:g} s")
    if said:
        raise BulkUnavailable(said.decode(errors="replace"))
    code = os.waitstatus_to_exitcode(status)
    how = f"signal {-code}" if code < 0 else f"status {code}"
    raise BulkUnavailable(
        "structures of Connector/C are not laid out as expected (the process that tried them was "
        f"ended by {how})"
    )


def _listen(reading: int, patience_s: float) -> bytes | None:
    """Return all that the child says, or None if it takes too long."""
    said = b""
    deadline = time.monotonic() + patience_s
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        more = os.read(reading, 4096)
        if not more:
            return said
        said += more


def _end_of(child: int) -> int:
    with suppress(ChildProcessError):  # a process that ignores SIGCHLD has no such child any more
        return os.waitpid(child, 0)[1]
    return 0


def _be_the_child(
    writing: int, url: str | URL, examine: Callable[[str | URL], str | None], patience_s: float
) -> NoReturn:
    try:
        gc.disable()
        # It does not outlive a parent that is gone and cannot end it.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(patience_s) + 1)
        # A crash is an answer here: no traceback, no message of malloc, no core file.
        faulthandler.disable()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        said = examine(url) or "ok"
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is to hear of it
        said = f"trying the library out failed: {type(error).__name__}: {error}"
    os.write(writing, said.encode(errors="replace"))
    os._exit(0)
