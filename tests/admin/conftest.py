"""Fixtures of several files here."""

import sqlite3
from contextlib import closing

import pytest


@pytest.fixture
def file(tmp_path):
    """Where the backup is to be, alone in its folder."""
    folder = tmp_path / "target"
    folder.mkdir()
    return folder / "muse.backup"


@pytest.fixture
def large(sqlite_template, tmp_path):
    """Give the URL of a SQLite file that takes several steps to copy."""
    database = tmp_path / "old.db"
    database.write_bytes(sqlite_template.read_bytes())
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE large (content BLOB)")
        connection.executemany("INSERT INTO large VALUES (zeroblob(?))", [(1 << 20,)] * 4)
    return f"sqlite:///{database}"
