"""The ways to a MariaDB server: MariaDB's own connector, and PyMySQL, which is pure Python."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import URL, Connection

from aomuse.libmariadb import BulkUnavailable, library_of

CONNECTOR, PYMYSQL = "mariadbconnector", "pymysql"

#: What each is called, and its module, which is the name of its package too.
_NAMES = {CONNECTOR: "MariaDB Connector/Python", PYMYSQL: "PyMySQL"}
_MODULES = {CONNECTOR: "mariadb", PYMYSQL: "pymysql"}

_ADVICE = {
    CONNECTOR: (
        "MariaDB's connector is not installed: pip install 'aomuse[mariadb]'; where it has no "
        "wheels for this machine, that brings PyMySQL: let the URL begin with mariadb://, or "
        "compile the connector with pip install 'aomuse[mariadb-source]'"
    ),
    PYMYSQL: "PyMySQL is not installed: pip install 'aomuse[pymysql]'",
}


def installed_driver() -> str:
    """Return the driver for a URL that names none: the faster one of those that work here."""
    for driver, module in _MODULES.items():
        try:
            import_module(module)
        except ImportError:  # absent, or without the C library that it was built for
            continue
        return driver
    return CONNECTOR


def is_pymysql(url: URL) -> bool:
    """Return whether a URL is for PyMySQL."""
    return url.get_driver_name() == PYMYSQL


def driver_and_version(url: URL) -> str:
    """Return which driver a URL of MariaDB is for, and its version."""
    driver = url.get_driver_name()
    try:
        return f"{_NAMES[driver]} {version(_MODULES[driver])}"
    except PackageNotFoundError:
        return _NAMES[driver]


def missing_driver(url: URL, error: ImportError) -> str:
    """Return what is to be said where a driver cannot be imported."""
    driver = url.get_driver_name()
    if isinstance(error, ModuleNotFoundError) and error.name == _MODULES[driver]:
        return _ADVICE[driver]
    return f"{_NAMES[driver]} cannot be imported ({error}): install it again"


def bulk_way(connection: Connection) -> str:
    """Return how the driver of a connection to MariaDB brings many rows, in a few words.

    Nothing is written: each load tries it out before it relies on it.
    """
    try:
        library = library_of(connection.connection.dbapi_connection)
    except BulkUnavailable:
        return "rows go by the driver's executemany"
    version = library.mysql_get_client_info().decode()
    return f"rows go as binary arrays by Connector/C {version}"
