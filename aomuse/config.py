"""Where the database is."""

from __future__ import annotations

import os

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from aomuse.errors import ConfigurationError

DATABASE_URL_VARIABLE = "AOMUSE_DATABASE_URL"
DEFAULT_DATABASE_URL = "sqlite:///aomuse.db"
MARIADB_DRIVER = "mariadb+mariadbconnector"


def database_url(url: str | URL | None = None) -> URL:
    """Return the URL of the database to use.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        A URL; without it the environment variable ``AOMUSE_DATABASE_URL`` counts, and without
        that the SQLite file ``aomuse.db`` in the working directory.

    Returns
    -------
    sqlalchemy.URL
        A URL for SQLite, or for MariaDB through MariaDB's own connector.

    Raises
    ------
    ConfigurationError
        If the URL cannot be parsed or names another engine.
    """
    try:
        parsed = make_url(url or os.environ.get(DATABASE_URL_VARIABLE) or DEFAULT_DATABASE_URL)
    except (ArgumentError, ValueError):
        # The text of the error repeats the URL, and with it the password.
        raise ConfigurationError(
            "the database URL cannot be parsed: write sqlite:///FILE or "
            f"{MARIADB_DRIVER}://USER:PASSWORD@HOST:3306/DATABASE "
            "(special characters in the password as %XX)"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed
    if backend in {"mariadb", "mysql"}:
        if not parsed.database:
            raise ConfigurationError("the database URL names no database: add /DATABASE at its end")
        return parsed.set(drivername=MARIADB_DRIVER)
    raise ConfigurationError(
        f"the database URL is for {backend}: aomuse works with sqlite and {MARIADB_DRIVER}"
    )


def shown_url(url: URL) -> str:
    """Return a URL for people's eyes: without password, and without options that may hold one.

    Parameters
    ----------
    url : sqlalchemy.URL
        The URL.

    Returns
    -------
    str
        Its text.
    """
    return url.set(query={}).render_as_string(hide_password=True)
