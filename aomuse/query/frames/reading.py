"""Reading: one connection, rows in pieces, errors in one line."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import describe_error, read_transaction
from aomuse.errors import AomuseError, DatabaseError
from aomuse.stored.rows import Select, pieces, uncollected
from aomuse.stored.special import Values

T = TypeVar("T")

#: Ids in one IN list, and rows that are fetched at once.
BATCH_IDS, FETCH_ROWS = 400, 50_000


#: Where frames are read: each in a transaction of its own, or all in that of a connection.
Readable = Engine | Connection


@contextmanager
def reading(readable: Readable) -> Iterator[Connection]:
    """Yield a connection that sees one moment; what the database says against it is one line."""
    try:
        if isinstance(readable, Connection):
            yield readable
            return
        with read_transaction(readable) as connection:
            yield connection
    except DBAPIError as error:
        raise DatabaseError(describe_error(error)) from error


def batches(items: Sequence[T], size: int = BATCH_IDS) -> Iterator[Sequence[T]]:
    """Yield a sequence in parts of at most ``size``; one empty part of an empty sequence."""
    for start in range(0, max(len(items), 1), size):
        yield items[start : start + size]


def by_size(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield items in lists of together a moderate number of rows; one empty list for no items."""
    part: list[T] = []
    rows = 0
    for item in items:
        more = size(item)
        if part and (rows + more > FETCH_ROWS or len(part) >= BATCH_IDS):
            yield part
            part, rows = [], 0
        part.append(item)
        rows += more
    yield part


def columns_of(rows: Sequence[Any], width: int) -> list[tuple[Any, ...]]:
    """Return rows as columns, also where there are none."""
    with uncollected():
        return list(zip(*rows, strict=True)) if rows else [()] * width


def streamed(connection: Connection, select: Select) -> Generator[dict[str, Values], None, None]:
    """Yield a result by column, in pieces, which may end early."""
    finished = False
    try:
        yield from pieces(connection, select, FETCH_ROWS)
        finished = True
    finally:
        if not finished and connection.dialect.name != "sqlite":
            # Closing the cursor would read the rest of the result off the wire first.
            connection.invalidate()


def deliver(
    frames: Iterator[pd.DataFrame], chunk_rows: int | None
) -> pd.DataFrame | Iterator[pd.DataFrame]:
    """Return a frame as a whole, or an iterator over parts of it."""
    if chunk_rows is None:
        return joined(list(frames))
    if isinstance(chunk_rows, bool) or not isinstance(chunk_rows, int) or chunk_rows < 1:
        raise AomuseError(f"chunk_rows is {chunk_rows!r}: give a number of rows, such as 100000")
    return _chunks(itertools.chain([next(frames)], frames), chunk_rows)


def _chunks(pieces: Iterable[pd.DataFrame], rows: int) -> Iterator[pd.DataFrame]:
    """Yield frames of ``rows`` rows, the last one with what is left."""
    waiting: list[pd.DataFrame] = []
    count = 0
    for piece in pieces:
        start = 0
        while len(piece) - start >= rows - count:
            stop = start + rows - count
            yield joined([*waiting, piece.iloc[start:stop]])
            start, waiting, count = stop, [], 0
        if start < len(piece) or not waiting:
            waiting.append(piece.iloc[start:])
            count += len(piece) - start
    if count:
        yield joined(waiting)


def joined(pieces: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the pieces of a frame as one."""
    some = [piece for piece in pieces if len(piece)] or pieces[:1]
    frame = some[0].reset_index(drop=True)
    if len(some) > 1:
        frame = pd.concat(some, ignore_index=True)
        frame.attrs.update(some[0].attrs)
    return frame
