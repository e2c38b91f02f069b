"""What exposures and analyses do beyond their own rows: functions that the engine carries.

The schema knows none of them. `aomuse.database.Database` hands them in, each by its name; they
take a connection and the id of an object first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.collections import InstrumentedList, collection_adapter

from aomuse.errors import AomuseError, BusyError

if TYPE_CHECKING:
    from aomuse.models.exposure import Exposure
    from aomuse.models.psf import PsfFit, Source

    _SourceList = InstrumentedList[Source]
else:
    _SourceList = InstrumentedList

_OPTION = "aomuse_operations"


class Sources(_SourceList):
    """The sources of an analysis: a list, and the dictionary of AOMUSE 2020 when it is called.

    Both ``len(fit.sources)`` and ``fit.sources()["PM_1"]`` work.
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
            If the analysis is detached.
        """
        adapter = collection_adapter(self)
        fit: Any = adapter.owner_state.obj() if adapter is not None else None
        if fit is None:
            raise AomuseError("these sources belong to no analysis: fetch the analysis again")
        sources: dict[str, Any] | None = read(fit, "sources")
        return sources


def hand_in(engine: Engine, operations: dict[str, Callable[..., Any]]) -> None:
    """Let the objects of all sessions on an engine use some functions."""
    engine.update_execution_options(**{_OPTION: operations})


def read(thing: Exposure | PsfFit, name: str) -> Any:
    """Return what an operation reads of an object, with what is pending in its session."""
    _, connection, operation = _prepared(thing, name)
    return operation(connection, thing.id)


def change(thing: Exposure | PsfFit, name: str, *arguments: Any, **options: Any) -> None:
    """Change rows of an object wholly or not at all; its session reads them again afterwards."""
    session, connection, operation = _prepared(thing, name)
    savepoint = connection.begin_nested()
    try:
        operation(connection, thing.id, *arguments, **options)
    except BusyError:
        # The server may have ended the transaction, and the savepoint with it.
        session.rollback()
        raise
    except BaseException:
        savepoint.rollback()
        raise
    savepoint.commit()
    session.expire_all()


def _prepared(
    thing: Exposure | PsfFit, name: str
) -> tuple[Session, Connection, Callable[..., Any]]:
    session = object_session(thing)
    if session is None:
        raise AomuseError(
            f"this {type(thing).__name__} is detached: fetch and use it inside a session, "
            "with db.session() as session: …"
        )
    operations = session.get_bind().get_execution_options().get(_OPTION)
    if operations is None:
        raise AomuseError(
            f"the session of this {type(thing).__name__} was not made by aomuse: use "
            "with aomuse.connect(url).session() as session: …"
        )
    session.flush()
    return session, session.connection(), operations[name]
