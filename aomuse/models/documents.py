"""What AOMUSE 2020 kept as JSON, as methods of the objects of a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.orm import DeclarativeBase, object_session
from sqlalchemy.orm.collections import InstrumentedList, collection_adapter

from aomuse.errors import AomuseError

if TYPE_CHECKING:
    from aomuse.models.psf import Source

    _SourceList = InstrumentedList[Source]
else:
    _SourceList = InstrumentedList


class Sources(_SourceList):
    """The sources of an analysis: a list, and the seed's dictionary when it is called.

    AOMUSE 2020 had ``exposure.sources``; both ``len(fit.sources)`` and ``fit.sources()["PM_1"]``
    are what its users look for.
    """

    def __call__(self) -> dict[str, Any] | None:
        """Return the sources as AOMUSE 2020 stored them.

        Returns
        -------
        dict or None
            PM_X of each source, a list a column; None where there is no source file.

        Raises
        ------
        AomuseError
            If the analysis is not in a session.
        """
        from aomuse.legacy.documents import sources

        adapter = collection_adapter(self)
        fit: Any = adapter.owner_state.obj() if adapter is not None else None
        if fit is None:
            raise AomuseError("these sources belong to no analysis of a session: load it again")
        return sources(session_connection(fit), fit.id)


def session_connection(thing: DeclarativeBase) -> Connection:
    """Return the connection of an object's session, with what is pending written.

    Parameters
    ----------
    thing : DeclarativeBase
        An exposure or analysis.

    Returns
    -------
    sqlalchemy.Connection
        Within the session's transaction.

    Raises
    ------
    AomuseError
        If the object is in no session.
    """
    session = object_session(thing)
    if session is None:
        raise AomuseError(
            f"this {type(thing).__name__} is in no session: get it, and ask it, within "
            "with db.session() as session: …"
        )
    session.flush()
    return session.connection()


@contextmanager
def changing(thing: DeclarativeBase) -> Iterator[Connection]:
    """Yield a connection for a change of rows behind the session's back, done wholly or not at all.

    Parameters
    ----------
    thing : DeclarativeBase
        An object of that session.

    Yields
    ------
    sqlalchemy.Connection
        Within the session's transaction; its objects read their rows again afterwards.

    Raises
    ------
    AomuseError
        If the object is in no session.
    """
    connection = session_connection(thing)
    with connection.begin_nested():
        yield connection
    session = object_session(thing)
    if session is not None:
        session.expire_all()
