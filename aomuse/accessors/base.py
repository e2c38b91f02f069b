"""What all accessors share: a database that was looked at, and frames whole or in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import describe_error
from aomuse.errors import DatabaseError

if TYPE_CHECKING:
    import pandas as pd


class Accessors:
    """A warehouse that frames are read from.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ready = False

    def _reading(self) -> Engine:
        """Return the engine of a database that is at the head revision."""
        if not self._ready:
            from aomuse.schema import require_head

            try:
                require_head(self.engine)
            except DBAPIError as error:
                raise DatabaseError(describe_error(error)) from error
            self._ready = True
        return self.engine


def deliver(pieces: Iterator[pd.DataFrame], chunk_rows: int | None) -> Any:
    """Return a frame as a whole, or an iterator over parts of ``chunk_rows`` rows."""
    from aomuse.query.frames import reading

    return reading.deliver(pieces, chunk_rows)
