"""Databases on the tests' MariaDB server that serve one test after another.

To make a database takes 70 ms of the processor, and most tests change few of its tables or none.
So what a test has changed is undone instead: the server counts the rows that were changed in each
table, and its folder shows which tables and views are others than they were.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

import sqlalchemy as sa

from scripts.mariadb_server import Server

#: The server counts the rows that are changed.
COUNTING = "--userstat=1"
#: The data need not outlive a crash; a server that no longer knows one of these ignores it.
UNSAFE_BUT_FAST = (
    "--loose-debug-no-sync",
    "--loose-innodb-flush-method=nosync",
    "--loose-innodb-doublewrite=0",
    "--loose-innodb-flush-log-at-trx-commit=0",
    "--loose-innodb-fast-shutdown=2",
)

#: No two databases of a session have one number.
numbers = itertools.count(1)


@dataclass(frozen=True)
class Template:
    """The newest schema: the database that has it, and the statements that make another."""

    database: str
    tables: dict[str, str]
    views: dict[str, str]  # each after those that it selects from
    with_rows: tuple[str, ...]

    @classmethod
    def read(cls, database: str, connection: sa.Connection) -> Template:
        tables, views, with_rows = {}, {}, []
        for name, kind in connection.exec_driver_sql("SHOW FULL TABLES").all():
            statement = connection.exec_driver_sql(f"SHOW CREATE TABLE `{name}`").one()[1]
            if kind == "VIEW":
                views[name] = statement
                continue
            tables[name] = statement
            if connection.exec_driver_sql(f"SELECT EXISTS (SELECT 1 FROM `{name}`)").scalar():
                with_rows.append(name)
        uses = {
            view: {other for other in views if other != view and f"`{other}`" in statement}
            for view, statement in views.items()
        }
        ordered = {view: views[view] for view in TopologicalSorter(uses).static_order()}
        return cls(database, tables, ordered, tuple(with_rows))

    def make(self, connection: sa.Connection) -> None:
        """Give an empty database the schema and its rows."""
        connection.exec_driver_sql("SET foreign_key_checks = 0")
        for statement in self.tables.values():
            connection.exec_driver_sql(statement)
        self.fill(connection, self.with_rows)
        for statement in self.views.values():
            connection.exec_driver_sql(statement)

    def fill(self, connection: sa.Connection, tables: Sequence[str]) -> None:
        for name in tables:
            source = f"{self.database}.`{name}`"
            connection.exec_driver_sql(f"INSERT INTO `{name}` SELECT * FROM {source}")


@dataclass
class Pooled:
    """A database, and how it was when it was last known."""

    name: str
    url: str
    known: bool = True  # whether a test knows what it holds
    holds: Path | None = None  # the tree of which it has what a load stored
    filled: set[str] = field(default_factory=set)  # tables that have other rows than the template
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, tuple[int, ...]] = field(default_factory=dict)
    made: dict[str, tuple[int, ...]] = field(default_factory=dict)  # files, as the template says


class MariadbPool:
    """Databases at the newest schema that no test has at the moment.

    The server was started with `COUNTING`; a test gets what the template is.
    """

    def __init__(self, server: Server, control: sa.Engine, template: Template) -> None:
        self._server, self._control, self._template = server, control, template
        self._free: list[Pooled] = []
        self._kept: dict[Path, tuple[str, list[str]]] = {}

    def take(self, *, to_be_loaded: bool) -> Pooled:
        """Give a database at the newest schema.

        One that is to be loaded may hold a tree already: `empty` it, or take it as it is.
        """
        self._free.sort(key=lambda pooled: (pooled.holds is not None) == to_be_loaded)
        taken = self._free.pop() if self._free else self._new()
        taken.known = False
        if not to_be_loaded:
            self.empty(taken)
        return taken

    def give_back(self, pooled: Pooled) -> None:
        """Take a database that a test had; one whose tables are others, or have readers, goes."""
        assert pooled.known, "a test that asks for load_once calls it"
        with self._control.connect() as connection:
            end_connections(connection, pooled.name)
            if self._tables_changed(pooled) or self._has_readers(pooled):
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {pooled.name}")
                return
        if self._files(pooled) != pooled.files or self._changed(pooled):
            pooled.holds = None
        self._free.append(pooled)

    def empty(self, pooled: Pooled) -> None:
        """Bring a database to what the template says."""
        written = sorted(pooled.filled | self._changed(pooled))
        changed = {Path(name).stem for name in self._other_files(pooled) if name.endswith(".frm")}
        with _connection(pooled.url) as connection:
            connection.exec_driver_sql("SET foreign_key_checks = 0")
            for name in changed - self._template.views.keys():
                connection.exec_driver_sql(f"DROP VIEW `{name}`")
            for name, statement in self._template.views.items():
                if name in changed:
                    again = statement.replace("CREATE ", "CREATE OR REPLACE ", 1)
                    connection.exec_driver_sql(again)
            for name in written:
                numbered = "AUTO_INCREMENT" in self._template.tables[name]
                how = "TRUNCATE TABLE" if numbered else "DELETE FROM"
                connection.exec_driver_sql(f"{how} `{name}`")
            self._template.fill(connection, [n for n in self._template.with_rows if n in written])
        pooled.known, pooled.filled, pooled.holds = True, set(), None
        self._look(pooled)
        pooled.made = pooled.files

    def keep(self, pooled: Pooled, root: Path) -> None:
        """Keep the rows that the load of a tree has stored in an empty database."""
        name = f"aomuse_kept_{next(numbers)}"
        self._note(pooled, root)
        self._kept[root] = name, sorted(pooled.filled)
        with self._control.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            for table in pooled.filled:
                like = f"{pooled.name}.`{table}`"
                connection.exec_driver_sql(f"CREATE TABLE {name}.`{table}` LIKE {like}")
                connection.exec_driver_sql(f"INSERT INTO {name}.`{table}` SELECT * FROM {like}")

    def fill(self, pooled: Pooled, root: Path, refresh: Callable[[], None]) -> bool:
        """Let a database hold the rows of a tree, if they were kept; views are then refreshed."""
        if root not in self._kept:
            self.empty(pooled)
            return False
        if pooled.holds != root:
            self.empty(pooled)
            name, tables = self._kept[root]
            with _connection(pooled.url) as connection:
                connection.exec_driver_sql("SET foreign_key_checks = 0, unique_checks = 0")
                for table in tables:
                    rows = f"SELECT * FROM {name}.`{table}`"
                    connection.exec_driver_sql(f"REPLACE INTO `{table}` {rows}")
            refresh()
            self._note(pooled, root)
        pooled.known = True
        return True

    def _note(self, pooled: Pooled, root: Path) -> None:
        pooled.filled |= self._changed(pooled)
        pooled.holds = root
        self._look(pooled)

    def _new(self) -> Pooled:
        name = f"aomuse_test_{next(numbers)}"
        with self._control.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        pooled = Pooled(name, url_of(self._server, name))
        with _connection(pooled.url) as connection:
            self._template.make(connection)
        self._look(pooled)
        pooled.made = pooled.files
        return pooled

    def _look(self, pooled: Pooled) -> None:
        pooled.counts, pooled.files = self._counts(pooled), self._files(pooled)

    def _counts(self, pooled: Pooled) -> dict[str, int]:
        """Give how many rows of each table were ever changed."""
        changed = "SELECT table_name, rows_changed FROM information_schema.table_statistics"
        of_one = sa.text(f"{changed} WHERE table_schema = :name")
        with self._control.connect() as connection:
            return dict(connection.execute(of_one, {"name": pooled.name}).all())

    def _changed(self, pooled: Pooled) -> set[str]:
        counts = self._counts(pooled)
        return {name for name, count in counts.items() if count != pooled.counts.get(name, 0)}

    def _files(self, pooled: Pooled) -> dict[str, tuple[int, ...]]:
        """Give what defines tables and views: each definition is a file that is written anew."""
        folder = self._server.datadir / pooled.name
        there = [path for path in folder.glob("*") if path.suffix != ".ibd"]
        stats = {path.name: path.stat() for path in there}
        return {name: (s.st_ino, s.st_size, s.st_mtime_ns) for name, s in stats.items()}

    def _other_files(self, pooled: Pooled) -> set[str]:
        return {name for name, _ in self._files(pooled).items() ^ pooled.made.items()}

    def _tables_changed(self, pooled: Pooled) -> bool:
        folder = self._server.datadir / pooled.name
        views = self._template.views.keys()
        changed = [folder / name for name in self._other_files(pooled)]
        others = [path for path in changed if path.stem not in views]
        return not all(path.exists() and path.read_bytes()[:9] == b"TYPE=VIEW" for path in others)

    def _has_readers(self, pooled: Pooled) -> bool:
        """Whether accounts were given rights in a database, which would outlive it."""
        granted = " UNION ALL ".join(
            f"SELECT 1 FROM mysql.{table} WHERE REPLACE(db, '\\\\', '') = '{pooled.name}'"
            for table in ("db", "tables_priv", "columns_priv")
        )
        with self._control.connect() as connection:
            return connection.exec_driver_sql(granted).first() is not None


def end_connections(connection: sa.Connection, database: str) -> None:
    """End what a test that failed has left open: whoever drops a table would wait for it."""
    query = sa.text("SELECT id FROM information_schema.processlist WHERE db = :name")
    deadline = time.monotonic() + 60
    while left := connection.scalars(query, {"name": database}).all():
        assert time.monotonic() < deadline, f"connections to {database} do not end"
        for process in left:
            with contextlib.suppress(sa.exc.DBAPIError):  # it has ended by itself meanwhile
                connection.exec_driver_sql(f"KILL CONNECTION {process}")
        time.sleep(0.002)


def url_of(server: Server, database: str) -> str:
    url = sa.make_url(server.url).set(database=database)
    return url.render_as_string(hide_password=False)


@contextlib.contextmanager
def _connection(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def account(
    server: Server, *urls: str, rights: str = "ALL", limits: str = "", password: str = "tau0"
) -> Iterator[list[str]]:
    """Make an account that has rights on databases, and give their URLs for it."""
    parsed = [sa.make_url(url) for url in urls]
    name = f"account_{next(numbers)}"
    quoted = password.replace("\\", "\\\\").replace("'", "''")
    admin = sa.create_engine(server.admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE USER {name} IDENTIFIED BY '{quoted}' {limits}"))
        try:
            for url in parsed:
                connection.exec_driver_sql(f"GRANT {rights} ON {url.database}.* TO {name}")
            theirs = [url.set(username=name, password=password) for url in parsed]
            yield [url.render_as_string(hide_password=False) for url in theirs]
        finally:
            connection.exec_driver_sql(f"DROP USER {name}")
    admin.dispose()
