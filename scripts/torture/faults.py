"""Faults of the server, and of the disk, while a load writes."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Sequence

import pymysql

from scripts.mariadb_server import Server
from scripts.torture.commands import Command, run
from scripts.torture.databases import Database, MariaDb, Sqlite
from scripts.torture.ground import Ground
from scripts.torture.invariants import broken
from scripts.torture.tally import Tally

#: Connections that the server is left with; the last one is for administrators.
FEW_CONNECTIONS = 16


class Saboteur:
    """Does harm to a server while a load writes to it."""

    def __init__(
        self,
        server: Server,
        options: Sequence[str],
        database: MariaDb,
        ground: Ground,
        tally: Tally,
    ) -> None:
        self._server = server
        self._options = options
        self._database = database
        self._ground = ground
        self._tally = tally
        self._random = random.Random()
        self._kinds: dict[str, Callable[[], None]] = {
            "kill -9 of the server": self._kill_server,
            "restart of the server": self._restart_server,
            "KILL CONNECTION": self._kill_connection,
            "too many connections": self._fill_connections,
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the faults."""
        return tuple(self._kinds)

    def trial(self, kind: str, seed: int) -> None:
        """Disturb a load once; check what is left; load again; check that all is there."""
        self._random.seed(seed)
        url, root = self._database.url, self._ground.root
        reload = self._random.random() < 0.5
        problems: list[str] = []
        if not reload:
            self._database.empty()
            problems += run(url, "migrate").problems(0)
        arguments = ("load", "--reload", root) if reload else ("load", root)
        name = "load --reload" if reload else "load"
        command = Command(url, *arguments)
        time.sleep(self._random.uniform(0.2, 0.95) * self._ground.seconds[name])
        hit = command.process.poll() is None
        self._kinds[kind]()
        ended = command.wait()
        # It goes on, or it says why not.
        problems += ended.problems(0, 1, 2)
        problems += broken(self._database, self._ground.wanted, whole=reload)
        problems += run(url, "load", root).problems(0)
        problems += broken(self._database, self._ground.wanted, whole=True)
        self._tally.count("faults of the server", kind, problems, seed, hit=hit)
        if problems:
            self._database.empty()
            run(url, "migrate")
            run(url, "load", root)

    def _kill_server(self) -> None:
        pid = self._server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._server.stop()
        time.sleep(self._random.uniform(0, 3))
        self._start()

    def _restart_server(self) -> None:
        self._server.stop()
        time.sleep(self._random.uniform(0, 3))
        self._start()

    def _start(self) -> None:
        self._server.start(options=self._options, end_with_parent=True)

    def _kill_connection(self) -> None:
        with self._database.ask() as ask:
            found = [
                row[0]
                for row in ask(
                    "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
                    " AND id <> CONNECTION_ID()"
                )
            ]
            for number in found if self._random.random() < 0.3 else found[:1]:
                with contextlib.suppress(pymysql.err.MySQLError):
                    ask(f"KILL CONNECTION {number}")

    def _fill_connections(self) -> None:
        """Take all connections for some seconds."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(pymysql.err.MySQLError):
                for _ in range(10 * FEW_CONNECTIONS):
                    stack.enter_context(self._database.ask())
            time.sleep(self._random.uniform(0.5, 4))


def full_disk(database: Database, ground: Ground, tally: Tally, seed: int) -> None:
    """Load into a file of SQLite that cannot grow beyond a random size; then with room."""
    assert isinstance(database, Sqlite)
    draw = random.Random(seed)
    database.empty()
    problems = run(database.url, "migrate").problems(0)
    size = database.file.stat().st_size
    room = draw.randrange(100_000, 8_000_000)
    ended = Command(database.url, "load", ground.root, file_limit=size + room).wait()
    problems += ended.problems(0, 1, 2)
    problems += broken(database, ground.wanted, whole=False)
    problems += run(database.url, "load", ground.root).problems(0)
    problems += broken(database, ground.wanted, whole=True)
    tally.count(
        "faults of the disk", "SQLite file at its limit", problems, seed, hit=ended.code != 0
    )
    if problems:
        database.empty()
