"""Something that happens at one moment of a load, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine, event

#: Before or after which statement to a node.
MOMENTS = {
    "rows are sent": ("before", "INSERT INTO source_sample_"),
    "about to prepare": ("before", "XA END"),
    "prepared": ("after", "XA PREPARE"),
    "committed on the head": ("before", "XA COMMIT"),
    "committed on the node": ("after", "XA COMMIT"),
}


@contextmanager
def at(moment: str, act: Callable[[Engine], None]) -> Iterator[list[str]]:
    """Let something happen when a load reaches a moment for the first time.

    Parameters
    ----------
    moment : str
        One of `MOMENTS`.
    act : callable
        What happens; it gets the engine of the node.

    Yields
    ------
    list of str
        The statement, once it has happened.
    """
    order, beginning = MOMENTS[moment]
    reached: list[str] = []

    def listen(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if beginning in statement and not reached:
            reached.append(statement)
            act(connection.engine)

    event.listen(Engine, f"{order}_cursor_execute", listen)
    try:
        yield reached
    finally:
        event.remove(Engine, f"{order}_cursor_execute", listen)
