"""The connector's class of connections, with what its versions do wrong put right.

A cursor of version 1.1 does not own its connection, yet releases it if the garbage collector clears
the cursor: one that hangs on a reference cycle, as after an error. Once is enough to free a
connection that is in use, and the process ends, now or later. So cursors are kept from the
collector. They hold nothing that leads back to them, and go with the last reference.
"""

from __future__ import annotations

from ctypes import py_object, pythonapi
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import URL

from aomuse.connections.drivers import CONNECTOR
from aomuse.connections.kept_values import freeing_connection

_untrack = pythonapi.PyObject_GC_UnTrack
_untrack.argtypes, _untrack.restype = [py_object], None


def connection_options(url: URL) -> dict[str, Any]:
    """Return what `create_engine` needs as ``connect_args``, for a driver that is installed."""
    if url.get_driver_name() != CONNECTOR:
        return {}
    return {"connectionclass": _untracking_connection() or freeing_connection()}


@cache
def _untracking_connection() -> Any:
    """Return a class of connections with cursors that the collector does not see; None from 2.0."""
    driver: Any = import_module("mariadb")
    if hasattr(driver, "SyncConnection"):
        return None

    class UntrackingConnection(driver.connections.Connection):  # type: ignore[misc]
        """A connection to a server."""

        def cursor(self, *arguments: Any, **options: Any) -> Any:
            """Return a new cursor."""
            cursor = super().cursor(*arguments, **options)
            _untrack(cursor)
            return cursor

    return UntrackingConnection
