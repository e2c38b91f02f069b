"""The warehouse from Python."""

from __future__ import annotations

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from aomuse.db import create_engine


class Database:
    """A warehouse: its engine, and sessions on it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def session(self) -> Session:
        """Return a session; models are in `aomuse.models`.

        Returns
        -------
        sqlalchemy.orm.Session
            To be used in a ``with`` statement.
        """
        return Session(self.engine)


def connect(url: str | URL | None = None) -> Database:
    """Return the warehouse at a URL.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        Without it the environment variable ``AOMUSE_DATABASE_URL`` counts, else the SQLite file
        ``aomuse.db`` in the working directory.

    Returns
    -------
    Database
        The warehouse.

    Raises
    ------
    aomuse.errors.ConfigurationError
        If the URL is wrong, or the driver is missing.
    """
    return Database(create_engine(url))
