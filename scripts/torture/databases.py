"""The databases under torture, asked in plain SQL by drivers of their own.

Nothing here comes from aomuse: a checker that shared code with the loader would share its mistakes.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql

from scripts.mariadb_server import Server

Row = tuple[Any, ...]


class Sqlite:
    """A file of SQLite."""

    engine = "SQLite"

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"

    @contextlib.contextmanager
    def ask(self) -> Iterator[Any]:
        """Yield a function that runs a statement and returns its rows."""
        with contextlib.closing(sqlite3.connect(self.file, timeout=60)) as connection:
            yield lambda statement: connection.execute(statement).fetchall()

    def tables(self) -> dict[str, list[str]]:
        """Return the columns of each table."""
        with self.ask() as ask:
            names = ask(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            return {name: [r[1] for r in ask(f"PRAGMA table_info({name})")] for (name,) in names}

    def references(self) -> list[tuple[str, str, str, str]]:
        """Return table and column of each foreign key, and those that it names."""
        with self.ask() as ask:
            return [
                (table, row[3], row[2], row[4])
                for table in self.tables()
                for row in ask(f"PRAGMA foreign_key_list({table})")
            ]

    def faults(self) -> list[str]:
        """Return what the engine itself finds wrong."""
        with self.ask() as ask:
            return [row[0] for row in ask("PRAGMA integrity_check") if row[0] != "ok"]

    def empty(self) -> None:
        """Remove everything."""
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()


class MariaDb:
    """A database on the private server."""

    engine = "MariaDB"

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.empty()

    @property
    def url(self) -> str:
        """URL for aomuse, password included."""
        return self.server.url.rpartition("/")[0] + f"/{self.name}"

    @contextlib.contextmanager
    def ask(self, database: str | None = None) -> Iterator[Any]:
        """Yield a function that runs a statement and returns its rows."""
        url = urlsplit(self.server.url)
        with contextlib.closing(
            pymysql.connect(
                host="127.0.0.1",
                port=url.port or 3306,
                user=url.username,
                password=unquote(url.password or ""),
                database=self.name if database is None else database or None,
                autocommit=True,
            )
        ) as connection:

            def ask(statement: str) -> tuple[Row, ...]:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    return tuple(cursor.fetchall())

            yield ask

    def tables(self) -> dict[str, list[str]]:
        """Return the columns of each table."""
        found: dict[str, list[str]] = {}
        with self.ask() as ask:
            for table, column in ask(
                "SELECT c.table_name, c.column_name FROM information_schema.columns c"
                " JOIN information_schema.tables t ON t.table_schema = c.table_schema"
                " AND t.table_name = c.table_name WHERE t.table_type = 'BASE TABLE'"
                " AND t.table_schema = DATABASE() ORDER BY c.table_name, c.ordinal_position"
            ):
                found.setdefault(table, []).append(column)
        return found

    def references(self) -> list[tuple[str, str, str, str]]:
        """Return table and column of each foreign key, and those that it names."""
        with self.ask() as ask:
            return list(
                ask(
                    "SELECT table_name, column_name, referenced_table_name, referenced_column_name"
                    " FROM information_schema.key_column_usage WHERE table_schema = DATABASE()"
                    " AND referenced_table_name IS NOT NULL"
                )
            )

    def faults(self) -> list[str]:
        """Return what the engine itself finds wrong."""
        with self.ask() as ask:
            rows = [row for table in self.tables() for row in ask(f"CHECK TABLE `{table}`")]
        return [f"{row[0]}: {row[3]}" for row in rows if row[2] != "status" or row[3] != "OK"]

    def empty(self) -> None:
        """Remove everything."""
        with self.ask("") as ask:
            ask(f"DROP DATABASE IF EXISTS `{self.name}`")
            ask(f"CREATE DATABASE `{self.name}`")


Database = Sqlite | MariaDb
