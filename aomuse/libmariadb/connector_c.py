"""What this package uses of MariaDB Connector/C: numbers, structures and functions.

The structures are part of the binary interface of ``libmariadb.so.3``, and the place of the handle
is the layout of an object of the connector for Python, which is C too. Nothing checks either when
a program runs; `aomuse.libmariadb.probe` puts them to the test.
"""

from __future__ import annotations

import sys
from ctypes import (
    CDLL,
    Structure,
    c_byte,
    c_char_p,
    c_int,
    c_ubyte,
    c_uint,
    c_ulong,
    c_ulonglong,
    c_void_p,
)
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from types import ModuleType
from typing import Any

from aomuse.libmariadb.errors import BulkUnavailable


class FieldType(IntEnum):
    """``enum_field_types``: types of bound buffers."""

    TINY = 1
    SHORT = 2
    LONG = 3
    DOUBLE = 5
    LONGLONG = 8
    DATETIME = 12
    BLOB = 252
    STRING = 254


#: ``STMT_INDICATOR_NULL``: the row is NULL, whatever the buffer holds; 0 is a value.
INDICATOR_NULL = 1

#: ``STMT_ATTR_ARRAY_SIZE``: rows of the arrays that are bound to a statement.
STMT_ATTR_ARRAY_SIZE = 201

#: ``MYSQL_TIMESTAMP_DATETIME``
TIMESTAMP_DATETIME = 1


class MysqlBind(Structure):
    """``MYSQL_BIND``: one parameter of a prepared statement, here one column of values."""

    _fields_ = (
        ("length", c_void_p),  # unsigned long per row, for texts and bytes
        ("is_null", c_void_p),
        ("buffer", c_void_p),  # the values; of texts, bytes and times, one pointer per row
        ("error", c_void_p),
        ("indicator", c_void_p),  # signed char per row
        ("store_param_func", c_void_p),
        ("fetch_result", c_void_p),
        ("skip_result", c_void_p),
        ("buffer_length", c_ulong),
        ("offset", c_ulong),
        ("length_value", c_ulong),
        ("flags", c_uint),
        ("pack_length", c_uint),
        ("buffer_type", c_int),
        ("error_value", c_byte),
        ("is_unsigned", c_byte),
        ("long_data_used", c_byte),
        ("is_null_value", c_byte),
        ("extension", c_void_p),
    )


class MysqlTime(Structure):
    """``MYSQL_TIME``: a date and time."""

    _fields_ = (
        ("year", c_uint),
        ("month", c_uint),
        ("day", c_uint),
        ("hour", c_uint),
        ("minute", c_uint),
        ("second", c_uint),
        ("second_part", c_ulong),  # microseconds
        ("neg", c_ubyte),
        ("time_type", c_int),
    )


@dataclass(frozen=True)
class Layouts:
    """Where things are in memory.

    `handle` counts bytes from the start of the connector's connection to its ``MYSQL *``: it is
    the first field behind the head that all Python objects have.
    """

    bind: type[Structure] = MysqlBind
    time: type[Structure] = MysqlTime
    handle: int = object.__basicsize__


#: Result and parameters of each function, in the order of its prototype in ``mysql.h``.
_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "mysql_get_client_info": (c_char_p, []),
    "mysql_thread_id": (c_ulong, [c_void_p]),
    "mysql_stmt_init": (c_void_p, [c_void_p]),
    "mysql_stmt_prepare": (c_int, [c_void_p, c_char_p, c_ulong]),
    "mysql_stmt_param_count": (c_ulong, [c_void_p]),
    "mysql_stmt_attr_set": (c_byte, [c_void_p, c_int, c_void_p]),
    "mysql_stmt_bind_param": (c_byte, [c_void_p, c_void_p]),
    "mysql_stmt_execute": (c_int, [c_void_p]),
    "mysql_stmt_affected_rows": (c_ulonglong, [c_void_p]),
    "mysql_stmt_errno": (c_uint, [c_void_p]),
    "mysql_stmt_error": (c_char_p, [c_void_p]),
    "mysql_stmt_sqlstate": (c_char_p, [c_void_p]),
    "mysql_stmt_close": (c_byte, [c_void_p]),
}


@cache
def load_library(path: str) -> CDLL:
    """Return a library with its prototypes; ctypes gives the GIL up during each call."""
    try:
        library = CDLL(path)
        for name, (result, parameters) in _PROTOTYPES.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = parameters
    except (OSError, AttributeError) as error:
        raise BulkUnavailable(f"Connector/C cannot be used: {error}") from error
    return library


def library_of(connection: object) -> CDLL:
    """Return the very library that a connection of the connector for Python works with.

    That is the connector 1.1, or the binary package of 2.0; `BulkUnavailable` of other drivers.
    """
    for name, module in tuple(sys.modules.items()):
        if name.endswith("._mariadb") and isinstance(connection, _connection_type(module)):
            # Names are looked up in what the extension is linked with, wherever a wheel put it.
            return load_library(str(module.__file__))
    raise BulkUnavailable("the driver is not MariaDB's connector for Python with Connector/C")


def _connection_type(module: ModuleType) -> Any:
    return getattr(module, "connection", ())


def handle_of(connection: object, layouts: Layouts) -> int | None:
    """Return the address of the ``MYSQL`` structure of a connection; None once it is closed."""
    return c_void_p.from_address(id(connection) + layouts.handle).value
