"""What is not as expected is found out by a child process, and never by the loader's own."""

import ctypes
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from aomuse.db import create_engine
from aomuse.libmariadb import BulkArrayWriter, BulkUnavailable, try_out
from aomuse.libmariadb.connector_c import Layouts, MysqlBind, MysqlTime, load_library
from aomuse.libmariadb.probe import examine
from aomuse.load import choose_writer
from aomuse.stored.writer import ExecutemanyWriter

BIND = list(MysqlBind._fields_)


def layout(fields: list[Any]) -> type[ctypes.Structure]:
    return type("Layout", (ctypes.Structure,), {"_fields_": fields})


def swapped(fields: list[Any], one: str, other: str) -> type[ctypes.Structure]:
    """Let two names change places; the types stay."""
    names = {one: other, other: one}
    return layout([(names.get(name, name), kind) for name, kind in fields])


WRONG_LAYOUTS = {
    "a pointer more": Layouts(bind=layout([("unknown", ctypes.c_void_p), *BIND])),
    "a pointer less": Layouts(bind=layout([field for field in BIND if field[0] != "error"])),
    "longer at the end": Layouts(bind=layout([*BIND, ("unknown", ctypes.c_void_p)])),
    "buffer and length": Layouts(bind=swapped(BIND, "buffer", "length")),
    "buffer and indicator": Layouts(bind=swapped(BIND, "buffer", "indicator")),
    "indicator and is_null": Layouts(bind=swapped(BIND, "indicator", "is_null")),
    "type and flags": Layouts(bind=swapped(BIND, "buffer_type", "flags")),
    "sign and error": Layouts(bind=swapped(BIND, "is_unsigned", "error_value")),
    "hour and day": Layouts(time=swapped(list(MysqlTime._fields_), "hour", "day")),
    "handle before": Layouts(handle=object.__basicsize__ - ctypes.sizeof(ctypes.c_void_p)),
    "handle behind": Layouts(handle=object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)),
    "handle elsewhere": Layouts(handle=object.__basicsize__ + 32),
}


def test_the_layouts_are_right_also_for_several_at_once(mariadb, trial):
    with ThreadPoolExecutor(6) as loaders:
        assert set(loaders.map(lambda _: examine(mariadb, trial), range(60))) == {None}
    with mariadb.connect() as connection:
        try_out(mariadb, trial)
        # The child has left its parent's connections alone, and nothing in the table.
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM trial").scalar() == 0


@pytest.mark.parametrize("layouts", WRONG_LAYOUTS.values(), ids=WRONG_LAYOUTS)
def test_wrong_layout(mariadb, trial, layouts, capfd):
    with pytest.raises(BulkUnavailable):
        try_out(mariadb, trial, partial(examine, layouts=layouts))
    assert capfd.readouterr() == ("", "")


def fail(*_: object) -> str:
    raise ValueError("no such thing")


@pytest.mark.parametrize(
    ("examine_otherwise", "reason"),
    [
        (lambda *_: ctypes.string_at(0), r"not laid out as expected .* signal 11\)"),
        (lambda *_: os._exit(3), r"status 3\)"),
        (fail, "the test of the library failed: ValueError: no such thing"),
        (lambda *_: "rows come back with other values", "^rows come back with other values$"),
        (lambda *_: time.sleep(60), r"more than 0\.5 s"),
    ],
    ids=["crash", "end without a word", "bug", "other values", "hanging"],
)
def test_other_ends_of_the_child(mariadb, trial, examine_otherwise, reason):
    with pytest.raises(BulkUnavailable, match=reason):
        try_out(mariadb, trial, examine_otherwise, patience_s=0.5 if "0" in reason else 30)


def test_a_server_without_bulk_statements(url, trial):
    """Older servers and MySQL do not set the capability when they greet a client."""
    parsed = sa.make_url(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = partial(_relay_without_bulk, listener, ("127.0.0.1", parsed.port or 0))
        threading.Thread(target=relay, daemon=True).start()
        old = create_engine(parsed.set(port=listener.getsockname()[1]))
        with pytest.raises(BulkUnavailable, match="Bulk operation"):
            try_out(old, trial)
        choice = choose_writer(old)
        assert choice.notice is not None
        with old.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE it (n INT)")
            assert isinstance(choice.make_writer(connection), ExecutemanyWriter)
        old.dispose()


def _relay_without_bulk(listener: socket.socket, server: tuple[str, int]) -> None:
    with suppress(OSError):  # the test has ended
        while True:
            client, _ = listener.accept()
            behind = socket.create_connection(server)
            greeting = bytearray(behind.recv(4096))
            # Behind the version: id, 8 bytes of salt, 0, capabilities, character set, status, upper
            # capabilities, length of the salt, 6 bytes, and MariaDB's own capabilities.
            place = greeting.index(0, 5) + 1 + 4 + 9 + 2 + 1 + 2 + 2 + 1 + 6
            greeting[place : place + 4] = bytes(4)
            client.sendall(greeting)
            for ends in ((client, behind), (behind, client)):
                threading.Thread(target=_copy, args=ends, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either has hung up
        while more := source.recv(65536):
            target.sendall(more)
        target.shutdown(socket.SHUT_WR)


def test_an_account_that_may_not_write(url, mariadb, trial, mariadb_server):
    parsed = sa.make_url(url)
    engine = sa.create_engine(mariadb_server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE USER 'poor'@localhost IDENTIFIED BY 'p'")
        try:
            connection.exec_driver_sql(f"GRANT SELECT ON {parsed.database}.* TO poor@localhost")
            poor = create_engine(parsed.set(username="poor", password="p"))
            with pytest.raises(BulkUnavailable, match="INSERT command denied to user 'poor'"):
                try_out(poor, trial)
        finally:
            connection.exec_driver_sql("DROP USER 'poor'@localhost")
    engine.dispose()


def test_no_server(trial):
    nobody = create_engine("mariadb+mariadbconnector://u:secret@127.0.0.1:1/db")
    with pytest.raises(BulkUnavailable, match="the test of the library failed: Can't connect"):
        try_out(nobody, trial)


def test_another_driver(url, trial):
    engine = sa.create_engine(sa.make_url(url).set(drivername="mariadb+pymysql"))
    with pytest.raises(BulkUnavailable, match="is not MariaDB's connector for Python"):
        try_out(engine, trial)
    with engine.connect() as connection, pytest.raises(BulkUnavailable):
        BulkArrayWriter(connection)
    engine.dispose()


def test_another_library():
    with pytest.raises(BulkUnavailable, match="undefined symbol: mysql_"):
        load_library("libc.so.6")
    with pytest.raises(BulkUnavailable, match="cannot be used: libnothing"):
        load_library("libnothing.so.1")
