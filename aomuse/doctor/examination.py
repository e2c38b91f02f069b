"""All that is looked at, in the order in which one thing needs the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from aomuse.connections.urls import shown_url
from aomuse.db import create_engine, describe_error
from aomuse.doctor import server, sqlite
from aomuse.doctor.finding import Finding, mend
from aomuse.doctor.installation import examine_installation
from aomuse.errors import AomuseError
from aomuse.query.refresh import outdated_views
from aomuse.schema import database_exists, require_head


def examine(url: str | URL | None = None) -> Iterator[Finding]:
    """Look at the installation and a database, which need not be there; nothing is changed.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        See `aomuse.connections.urls.database_url`.

    Yields
    ------
    Finding
        What was found, without a password.
    """
    yield from examine_installation()
    try:
        engine = create_engine(url, patient=False)
    except AomuseError as error:
        yield mend("database", str(error))
        return
    try:
        yield from _examine_database(engine)
    finally:
        engine.dispose()


def _examine_database(engine: Engine) -> Iterator[Finding]:
    is_sqlite = engine.dialect.name == "sqlite"
    where = shown_url(engine.url)
    if is_sqlite:
        yield from sqlite.examine_file(engine)
        if not database_exists(engine):
            return
    else:
        yield server.examine_driver(engine)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        what = "cannot be opened" if is_sqlite else "does not answer, or takes no such account"
        yield mend("database", f"{where} {what} ({describe_error(error)})")
        return
    except (AomuseError, SQLAlchemyError) as error:
        yield mend("database", f"{where}: {error}")
        return
    yield Finding("database", where)
    with connection:
        if not is_sqlite:
            for look in server.LOOKS:
                yield _safely(look.__name__.replace("_", " "), look, connection)
        is_at_head = True
        for about, look in (("schema", _schema), ("views", _views)):
            if is_at_head:
                finding = _safely(about, look, connection)
                is_at_head = finding.is_ok
                yield finding
    if is_at_head and not is_sqlite:
        yield server.examine_bulk(engine)


def _safely(about: str, look: Callable[[Connection], Finding], connection: Connection) -> Finding:
    try:
        return look(connection)
    except DBAPIError as error:
        connection.rollback()
        return mend(about, f"it cannot be looked at: {describe_error(error)}")
    except AomuseError as error:
        return mend(about, str(error))


def _schema(connection: Connection) -> Finding:
    return Finding("schema", f"revision {require_head(connection.engine)}, the newest")


def _views(connection: Connection) -> Finding:
    outdated = outdated_views(connection)
    if not outdated:
        return Finding("views", "as they should be")
    some = ", ".join(outdated[:3]) + (", …" if len(outdated) > 3 else "")
    return mend("views", f"missing or out of date: {some}; run aomuse migrate")
