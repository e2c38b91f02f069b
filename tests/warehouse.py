"""The command line run inside the test, and what the database holds afterwards."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
import resource
import signal
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from fits_factory import Tree

from aomuse.cli import main
from aomuse.db import create_engine
from aomuse.models import Base

TABLES = Base.metadata.tables

#: Rows by their table.
Rows = dict[str, list[tuple[Any, ...]]]

#: Columns that differ between two loads of the same files.
_NUMBERS = {
    *("id", "exposure_id", "source_file_id", "load_run_id", "header_id", "table_layout_id"),
    *("table_column_id", "keyword_id", "psf_fit_id", "target_id"),
    *("reduced_file_id", "prm_file_id", "psf_file_id"),
}
#: What counts how often rows were written, not what they hold.
_COUNTERS = {"content_version"}
#: Tables that belong to one database, not to its content.
_NOTES = {"run_lock", "view_state"}
_PLACES = {"path", "mtime_ns", "row_key"}

#: What a user's Python does not show by itself.
_HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)

#: Seconds of the processor and bytes that no command on a small tree may take, whatever its files
#: claim; on a busy machine it may wait several times as long.
LIMIT_S = 12
WAITING = 10
LIMIT_BYTES = 2 << 30


class Hung(BaseException):
    """A command did not come back; no handler of errors catches this."""


@contextlib.contextmanager
def limits(seconds: int = LIMIT_S) -> Iterator[None]:
    """End what hangs or takes all memory, so that a test fails and the machine lives."""

    def stop(*_: object) -> None:
        raise Hung(f"no end after {seconds} s of the processor, or {WAITING * seconds} s at all")

    numbers = (signal.SIGPROF, signal.SIGALRM)
    before = [signal.signal(number, stop) for number in numbers]
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if statm.exists():
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT_BYTES, hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(WAITING * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """Lines on standard error."""
        return self.err.splitlines()

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.out + self.err


def aomuse(url: str | None, *arguments: object) -> Finished:
    """Run a command as the entry point does; warnings of libraries count as printed."""
    options = ["--db", url] if url else []
    out, err = io.StringIO(), io.StringIO()
    with (
        limits(),
        patch.object(sys, "argv", ["aomuse", *options, *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(record=True) as said,
    ):
        warnings.resetwarnings()
        for category in _HIDDEN:
            warnings.simplefilter("ignore", category)
        try:
            main()
        except SystemExit as end:
            code = end.code
    shown = "".join(f"{w.category.__name__}: {w.message}\n" for w in said)
    return Finished(code if isinstance(code, int) else 1, out.getvalue(), err.getvalue() + shown)


def succeed(url: str | None, *arguments: object) -> Finished:
    """Run a command that succeeds and has nothing to say on standard error."""
    done = aomuse(url, *arguments)
    assert (done.code, done.err) == (0, ""), (arguments, done.text)
    return done


def fail(url: str | None, *arguments: object, code: int = 2) -> str:
    """Run a command that ends with one line on standard error, and give that line."""
    done = aomuse(url, *arguments)
    assert (done.code, len(done.errors)) == (code, 1), (arguments, done.text)
    return done.errors[0]


def execute(engine: sa.Engine, *statements: str) -> None:
    """Run statements in one transaction."""
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def query(engine: sa.Engine, statement: str, **values: object) -> list[tuple[Any, ...]]:
    """Give the rows of a SELECT."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement), values)]


def scalar(engine: sa.Engine, statement: str, **values: object) -> Any:
    """Give the one value of a SELECT."""
    ((value,),) = query(engine, statement, **values)
    return value


def definitions(engine: sa.Engine) -> dict[str, str]:
    """Give the statement that makes each table, index and view."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            statement = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            found = dict(connection.exec_driver_sql(statement).all())
        else:
            found = {
                name: connection.exec_driver_sql(f"SHOW CREATE TABLE `{name}`").one()[1]
                for name in connection.exec_driver_sql("SHOW TABLES").scalars().all()
            }
    return {
        name: re.sub(r" AUTO_INCREMENT=\d+", "", " ".join(text.split()))
        for name, text in found.items()
    }


def rows(engine: sa.Engine, table: str) -> list[dict[str, Any]]:
    """Give the rows of a table, typed by its model."""
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(TABLES[table]))]


@cache
def _content_of(table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(*(column for column in table.c if column.name not in _COUNTERS))


def contents(engine: sa.Engine, but: Iterable[str] = ("load_run",)) -> dict[str, list[Any]]:
    """Give every row of every table that has content, ids and all."""
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(_content_of(table))), key=repr)
            for name, table in TABLES.items()
            if name not in {*but, *_NOTES}
        }


def exposure_id(engine: sa.Engine, archive_id: str) -> int | None:
    """Give the id of an exposure, None if there is none."""
    found = query(engine, "SELECT id FROM exposure WHERE archive_id = :name", name=archive_id)
    return found[0][0] if found else None


def exposure(engine: sa.Engine, archive_id: str) -> Rows:
    """Give all rows of an exposure without the numbers that the database gave them."""
    number = exposure_id(engine, archive_id)
    return {} if number is None else exposure_by_id(engine, number)


def exposure_by_id(engine: sa.Engine, number: int) -> Rows:
    """Give all rows of an exposure without the numbers that the database gave them."""
    return _by_exposure(engine, number)[number]


def exposures(engine: sa.Engine) -> dict[str, Rows]:
    """Give the rows of every exposure by its archive name, in one go."""
    found = _by_exposure(engine)
    names = query(engine, "SELECT archive_id, id FROM exposure")
    return {name: found[number] for name, number in names}


@cache
def _statements(*, of_one: bool) -> dict[str, sa.Select[*tuple[Any, ...]]]:
    """Give for each table what selects the rows of one exposure, or of all, after its number."""
    statements = {}
    for name, table in TABLES.items():
        if name == "load_issue":
            continue
        if name == "exposure":
            owner, source = table.c.id, table
        elif "exposure_id" in table.c:
            owner, source = table.c.exposure_id, table
        elif parent := next((p for p in ("psf_fit", "header") if f"{p}_id" in table.c), None):
            owner = TABLES[parent].c.exposure_id
            source = table.join(TABLES[parent], table.c[f"{parent}_id"] == TABLES[parent].c.id)
        else:
            continue
        columns = [c for c in table.c if c.name not in _NUMBERS | _PLACES | _COUNTERS]
        select = sa.select(owner, *columns).select_from(source)
        statements[name] = select.where(owner == sa.bindparam("number")) if of_one else select
    return statements


def _by_exposure(engine: sa.Engine, only: int | None = None) -> dict[int, Rows]:
    statements = _statements(of_one=only is not None)
    found: dict[int, Rows] = defaultdict(lambda: {name: [] for name in statements})
    with engine.connect() as connection:
        for name, statement in statements.items():
            for number, *row in connection.execute(statement, {"number": only}):
                found[number][name].append(tuple(row))
    for rows_of_tables in found.values():
        for rows_of_table in rows_of_tables.values():
            rows_of_table.sort(key=repr)
    return found


def open_issues(engine: sa.Engine, severity: str = "error") -> list[tuple[str, str]]:
    """Give code and path of the open issues."""
    still_open = "SELECT code, path FROM load_issue WHERE closed_run_id IS NULL AND severity = :s"
    return sorted(query(engine, still_open, s=severity))


def rows_of_one_load(tree: Tree, database: Path, template: Path) -> dict[str, Rows]:
    """Load a tree in one go into a new SQLite file, and give the rows of each exposure."""
    database.write_bytes(template.read_bytes())
    succeed(f"sqlite:///{database}", "load", tree.root)
    engine = create_engine(f"sqlite:///{database}")
    found = exposures(engine)
    engine.dispose()
    return found


def load_whole(folder: Path, template: Path, without: Sequence[str] = ()) -> dict[int, Rows]:
    """Load the first three valid exposures into an empty database, and give the rows of each."""
    tree = Tree(folder / "night")
    files = [tree.add(number, without=without) for number in (1, 2, 3)]
    found = rows_of_one_load(tree, folder / "aomuse.db", template)
    return {f.number: found[f.archive_id] for f in files}


#: Values that a careless copy would change.
_FILLING: dict[type[sa.types.TypeEngine[Any]], object] = {
    sa.Boolean: True,
    sa.Double: 0.1 + 0.2,
    sa.Integer: 2**31 - 1,
    sa.BigInteger: -(2**63),
    sa.SmallInteger: -(2**15),
    sa.DateTime: dt.datetime(2018, 8, 12, 23, 59, 59, 999999),
    sa.LargeBinary: bytes(range(256)),
    sa.String: "a'b\"c\\d%s\t\r\n\x00\x1a\u00e9\U0001d6fc `;-- ",
}


def fill_every_table(engine: sa.Engine) -> None:
    """Put a row into every table that has none, parents first; the schema may be an older one."""
    inspector = sa.inspect(engine)
    there = set(inspector.get_table_names())
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in there or connection.scalar(
                sa.select(sa.exists(sa.select(table.c[0])))
            ):
                continue
            types = {c["name"]: type(c["type"]) for c in inspector.get_columns(table.name)}
            row: dict[str, object] = {}
            for column in table.columns:
                kinds = type(column.type).__mro__
                if column.name in types:
                    if sa.BigInteger in kinds and not issubclass(types[column.name], sa.BigInteger):
                        kinds = sa.Integer.__mro__
                    row[column.name] = next(_FILLING[kind] for kind in kinds if kind in _FILLING)
            for key in table.foreign_key_constraints:
                parent = connection.execute(sa.select(*(e.column for e in key.elements))).first()
                assert parent is not None, f"{table.name} comes before its parent"
                row |= zip((e.parent.name for e in key.elements), parent, strict=True)
            connection.execute(sa.insert(table).values(row))


def insert(engine: sa.Engine, table: str, *new: dict[str, Any]) -> None:
    """Insert rows, if any, into a table, in one transaction; all have the same columns."""
    with engine.begin() as connection:
        if new:
            connection.execute(sa.insert(TABLES[table]), new)
