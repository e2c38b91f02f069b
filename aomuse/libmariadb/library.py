"""MariaDB Connector/C through ctypes: where it is, and the prototypes of what is called.

The functions are those of ``mysql.h``. Every pointer to a structure passes as an address, so that
only `aomuse.libmariadb.structs` knows layouts. ctypes gives the GIL up during each call.
"""

from __future__ import annotations

import ctypes.util
import importlib
import re
from contextlib import suppress
from ctypes import CDLL, Structure, c_byte, c_char_p, c_int, c_uint, c_ulong, c_ulonglong, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

from aomuse.libmariadb.exceptions import BulkUnavailable
from aomuse.libmariadb.structs import MysqlBind, MysqlField

#: Result and parameters of each function, in the order of its C prototype.
_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "mysql_get_client_info": (c_char_p, []),
    "mysql_init": (c_void_p, [c_void_p]),
    "mysql_options": (c_int, [c_void_p, c_int, c_void_p]),
    "mysql_ssl_set": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p, c_char_p, c_char_p]),
    "mysql_real_connect": (
        c_void_p,
        [c_void_p, c_char_p, c_char_p, c_char_p, c_char_p, c_uint, c_char_p, c_ulong],
    ),
    "mysql_close": (None, [c_void_p]),
    "mysql_ping": (c_int, [c_void_p]),
    "mysql_errno": (c_uint, [c_void_p]),
    "mysql_error": (c_char_p, [c_void_p]),
    "mysql_sqlstate": (c_char_p, [c_void_p]),
    "mysql_get_server_info": (c_char_p, [c_void_p]),
    "mysql_get_server_version": (c_ulong, [c_void_p]),
    "mariadb_connection": (c_byte, [c_void_p]),
    "mariadb_get_info": (c_byte, [c_void_p, c_int, c_void_p]),
    "mysql_autocommit": (c_byte, [c_void_p, c_byte]),
    "mysql_commit": (c_byte, [c_void_p]),
    "mysql_rollback": (c_byte, [c_void_p]),
    "mysql_real_escape_string": (c_ulong, [c_void_p, c_void_p, c_char_p, c_ulong]),
    "mysql_real_query": (c_int, [c_void_p, c_char_p, c_ulong]),
    "mysql_store_result": (c_void_p, [c_void_p]),
    "mysql_field_count": (c_uint, [c_void_p]),
    "mysql_affected_rows": (c_ulonglong, [c_void_p]),
    "mysql_insert_id": (c_ulonglong, [c_void_p]),
    "mysql_next_result": (c_int, [c_void_p]),
    "mysql_fetch_fields": (c_void_p, [c_void_p]),
    "mysql_fetch_row": (c_void_p, [c_void_p]),
    "mysql_fetch_lengths": (c_void_p, [c_void_p]),
    "mysql_free_result": (None, [c_void_p]),
    "mysql_stmt_init": (c_void_p, [c_void_p]),
    "mysql_stmt_prepare": (c_int, [c_void_p, c_char_p, c_ulong]),
    "mysql_stmt_param_count": (c_ulong, [c_void_p]),
    "mysql_stmt_attr_set": (c_byte, [c_void_p, c_int, c_void_p]),
    "mysql_stmt_bind_param": (c_byte, [c_void_p, c_void_p]),
    "mysql_stmt_execute": (c_int, [c_void_p]),
    "mysql_stmt_affected_rows": (c_ulonglong, [c_void_p]),
    "mysql_stmt_insert_id": (c_ulonglong, [c_void_p]),
    "mysql_stmt_errno": (c_uint, [c_void_p]),
    "mysql_stmt_error": (c_char_p, [c_void_p]),
    "mysql_stmt_sqlstate": (c_char_p, [c_void_p]),
    "mysql_stmt_close": (c_byte, [c_void_p]),
}

_MAPPED = re.compile(r"\s(/\S.*/libmariadb[^/]*\.so[^/]*)$", re.MULTILINE)


class Library:
    """The library with its prototypes.

    Parameters
    ----------
    path : str
        The shared library.
    bind, field : type of ctypes.Structure, optional
        Layouts of ``MYSQL_BIND`` and ``MYSQL_FIELD``.

    Raises
    ------
    BulkUnavailable
        If it cannot be loaded, or lacks a function.
    """

    def __init__(
        self,
        path: str,
        bind: type[Structure] = MysqlBind,
        field: type[Structure] = MysqlField,
    ) -> None:
        self.bind = bind
        self.field = field
        try:
            self.c = CDLL(path)
        except OSError as error:
            raise BulkUnavailable(f"{path} cannot be loaded: {error}") from error
        for name, (result, parameters) in _PROTOTYPES.items():
            try:
                function = getattr(self.c, name)
            except AttributeError as error:
                raise BulkUnavailable(f"{path} has no function {name}") from error
            function.restype = result
            function.argtypes = parameters

    @property
    def version(self) -> str:
        """Version of Connector/C, such as ``3.3.20``."""
        return str(self.c.mysql_get_client_info().decode())


def find_library() -> str:
    """Return the path of the Connector/C that the ``mariadb`` package uses.

    Returns
    -------
    str
        The file that importing ``mariadb`` brought into this process, under whatever name a
        wheel gave it; where the system does not tell (no ``/proc``), or the package is missing,
        the one that the linker finds.

    Raises
    ------
    BulkUnavailable
        If there is none.
    """
    with suppress(ImportError):
        importlib.import_module("mariadb")
    with suppress(OSError):
        mapped = _MAPPED.search(Path("/proc/self/maps").read_text())
        if mapped:
            return mapped[1]
    found = ctypes.util.find_library("mariadb")
    if found is None:
        raise BulkUnavailable("MariaDB Connector/C (libmariadb.so.3) is not installed")
    return found


@cache
def load_library() -> Library:
    """Return the library, loaded once a process.

    Returns
    -------
    Library
        The library.

    Raises
    ------
    BulkUnavailable
        If there is none, or it is too old.
    """
    return Library(find_library())
