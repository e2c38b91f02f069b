"""The engine whose connections take arrays: SQLAlchemy's own dialect over this package."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import ExceptionContext

from aomuse.config import database_url
from aomuse.db import prepare_mariadb_session
from aomuse.libmariadb import dbapi
from aomuse.libmariadb.exceptions import LOST, BulkUnavailable
from aomuse.libmariadb.library import load_library
from aomuse.libmariadb.probe import verify


def create_bulk_engine(url: str | URL | None = None) -> Engine:
    """Return an engine for a MariaDB database, on whose connections `BulkArrayWriter` works.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        As of `aomuse.db.create_engine`, with the same options.

    Returns
    -------
    sqlalchemy.Engine
        Sessions are set up as on the ordinary engine. Nothing is connected yet, but the library
        and the server have been tried out.

    Raises
    ------
    BulkUnavailable
        If rows cannot go this way, for whatever reason, be it that the server is not reached.
        The ordinary engine then loads, or says better what is wrong.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() != "mariadb":
        raise BulkUnavailable(f"the database is {parsed.get_backend_name()}")
    library = load_library()
    # The dialect of MariaDB's own connector reads the URL's options as it does for the connector,
    # and needs of a driver what `dbapi` has.
    engine = sa.create_engine(
        parsed,
        module=dbapi,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_recycle=3600,
    )
    event.listen(engine, "connect", prepare_mariadb_session)
    event.listen(engine, "handle_error", _mark_lost)
    verify(library, engine.dialect.create_connect_args(parsed)[1])
    return engine


def _mark_lost(context: ExceptionContext) -> None:
    """Tell SQLAlchemy of errors that end a connection and are not on the dialect's list."""
    if getattr(context.original_exception, "errno", 0) in LOST:
        context.is_disconnect = True
