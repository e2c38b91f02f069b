"""What is not as expected is found out by a child process, and never by the loader's own."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from aomuse.libmariadb import BulkUnavailable, library, probe, structs
from aomuse.libmariadb.dbapi import Connection
from aomuse.libmariadb.library import Library, find_library, load_library
from aomuse.load.bulk_engine import create_bulk_engine

BIND = list(structs.MysqlBind._fields_)
FIELD = list(structs.MysqlField._fields_)


def layout(fields: list[Any]) -> type[ctypes.Structure]:
    return type("Layout", (ctypes.Structure,), {"_fields_": fields})


def swapped(fields: list[Any], one: str, other: str) -> list[Any]:
    names = [name for name, _ in fields]
    i, j = names.index(one), names.index(other)
    changed = list(fields)
    # The names change places, the types stay.
    changed[i], changed[j] = (other, fields[i][1]), (one, fields[j][1])
    return changed


def without(fields: list[Any], name: str) -> list[Any]:
    return [field for field in fields if field[0] != name]


WRONG_BINDS = {
    "a pointer more": [("unknown", ctypes.c_void_p), *BIND],
    "a pointer less": without(BIND, "error"),
    "longer at the end": [*BIND, ("unknown", ctypes.c_void_p)],
    "buffer and length": swapped(BIND, "buffer", "length"),
    "buffer and indicator": swapped(BIND, "buffer", "indicator"),
    "indicator and is_null": swapped(BIND, "indicator", "is_null"),
    "type and flags": swapped(BIND, "buffer_type", "flags"),
    "sign and error": swapped(BIND, "is_unsigned", "error_value"),
}

WRONG_FIELDS = {
    "a pointer more": [("unknown", ctypes.c_void_p), *FIELD],
    "a pointer less": without(FIELD, "catalog"),
    "type and flags": swapped(FIELD, "type", "flags"),
    "name and db": swapped(FIELD, "name", "db"),
}


@pytest.fixture
def options(mariadb_admin: Callable[[], str]) -> dict[str, Any]:
    url = sa.make_url(mariadb_admin())
    return url.translate_connect_args()


def test_the_layouts_are_right(options: dict[str, Any]) -> None:
    assert probe.examine(load_library(), options) is None
    probe.verify(load_library(), options)


@pytest.mark.parametrize("fields", WRONG_BINDS.values(), ids=WRONG_BINDS)
def test_wrong_layout_of_parameters(
    options: dict[str, Any], fields: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = Library(find_library(), bind=layout(fields))
    with pytest.raises(BulkUnavailable):
        probe.verify(wrong, options)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("fields", WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_wrong_layout_of_results(
    options: dict[str, Any], fields: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = Library(find_library(), field=layout(fields))
    with pytest.raises(BulkUnavailable):
        probe.verify(wrong, options)
    assert capfd.readouterr() == ("", "")


def test_wrong_layout_of_times(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    fields = swapped(list(structs.MysqlTime._fields_), "hour", "day")
    monkeypatch.setattr("aomuse.libmariadb.columns.TIME_DTYPE", layout(fields))
    with pytest.raises(BulkUnavailable):
        probe.verify(load_library(), options)


def test_a_crash_is_a_reason(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "examine", lambda *_: ctypes.string_at(0))
    with pytest.raises(BulkUnavailable, match=r"not laid out as expected .* signal 11\)"):
        probe.verify(load_library(), options)


def test_an_end_without_a_word(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "examine", lambda *_: os._exit(3))
    with pytest.raises(BulkUnavailable, match=r"status 3\)"):
        probe.verify(load_library(), options)


def test_a_bug_of_the_probe(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_ROWS", [])
    with pytest.raises(BulkUnavailable, match="ValueError"):
        probe.verify(load_library(), options)


def test_hanging_is_a_reason(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "examine", lambda *_: time.sleep(60))
    monkeypatch.setattr(probe, "PATIENCE_S", 0.2)
    with pytest.raises(BulkUnavailable, match=r"more than 0\.2 s"):
        probe.verify(load_library(), options)


def test_other_values_are_a_reason(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*probe._ROWS[:-1], (*probe._ROWS[-1][:-1], None)]
    rows[0] = (*rows[0][:6], 0.25, *rows[0][7:])
    frame = probe._frame()
    monkeypatch.setattr(probe, "_ROWS", rows)
    monkeypatch.setattr(probe, "_frame", lambda: frame)
    with pytest.raises(BulkUnavailable, match=r"come back .* with other values"):
        probe.verify(load_library(), options)


class OtherServer:
    """The library's functions, some of which answer as for another server."""

    def __init__(self, functions: Any, **answers: Callable[..., Any]) -> None:
        self._functions = functions
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        return self._answers.get(name) or getattr(self._functions, name)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"mariadb_connection": lambda _: 0}, "is not MariaDB"),
        ({"mariadb_get_info": lambda *_: 0}, "does not take arrays"),
        ({"mysql_get_server_version": lambda _: 100138}, "does not take arrays"),
    ],
    ids=["MySQL", "no capability", "10.1"],
)
def test_servers_that_cannot(options: dict[str, Any], answers: dict[str, Any], reason: str) -> None:
    other = Library(find_library())
    other.c = OtherServer(other.c, **answers)  # type: ignore[assignment]
    with pytest.raises(BulkUnavailable, match=reason):
        probe.verify(other, options)


def test_no_permission_for_temporary_tables(
    mariadb_admin: Callable[[], str], mariadb_server: Any
) -> None:
    url = sa.make_url(mariadb_admin())
    engine = sa.create_engine(mariadb_server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE USER 'poor'@localhost IDENTIFIED BY 'p'")
        try:
            connection.exec_driver_sql(
                f"GRANT SELECT, INSERT ON {url.database}.* TO poor@localhost"
            )
            with pytest.raises(BulkUnavailable, match="Access denied for user 'poor'"):
                create_bulk_engine(url.set(username="poor", password="p"))
        finally:
            connection.exec_driver_sql("DROP USER 'poor'@localhost")
    engine.dispose()


def test_no_server() -> None:
    with pytest.raises(BulkUnavailable, match="trying the library out failed: Can't connect"):
        create_bulk_engine("mariadb+mariadbconnector://u:secret@127.0.0.1:1/db")


def test_another_engine() -> None:
    with pytest.raises(BulkUnavailable, match="sqlite"):
        create_bulk_engine("sqlite:///x.db")


def test_another_library() -> None:
    with pytest.raises(BulkUnavailable, match=r"libc\.so\.6 has no function mysql_"):
        Library("libc.so.6")
    with pytest.raises(BulkUnavailable, match="cannot be loaded"):
        Library("libnothing.so.1")


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_MAPPED", re.compile("(nowhere)"))
    assert "libmariadb" in find_library()
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    with pytest.raises(BulkUnavailable, match="not installed"):
        find_library()


def test_the_library_is_the_one_of_the_mariadb_package() -> None:
    code = (
        "import re, pathlib\n"
        "from aomuse.libmariadb.library import load_library\n"
        "load_library()\n"
        "maps = pathlib.Path('/proc/self/maps').read_text()\n"
        "print(len(set(re.findall(r'/\\S*libmariadb[^/\\s]*', maps))))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "1\n"


def test_a_forked_process_leaves_its_parents_connection_alone(options: dict[str, Any]) -> None:
    connection = Connection(load_library(), options)
    child = os.fork()
    if child == 0:
        connection.close()
        os._exit(0)
    os.waitpid(child, 0)
    connection.ping()
    connection.close()
