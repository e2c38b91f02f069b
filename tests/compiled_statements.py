"""What SQLAlchemy compiles is kept for all engines of a test session.

Every command makes an engine of its own, and so do most tests; each compiles its hundred
statements anew, which takes a quarter of the processor time of a load. The key of what is compiled
begins with the dialect object. Here dialects that speak alike share: same kind, driver and version
of the server.
"""

from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa


def _shared(key: tuple[Any, ...]) -> Hashable:
    dialect: sa.Dialect = key[0]
    version = getattr(dialect, "server_version_info", None)
    return (type(dialect), dialect.driver, version, dialect.paramstyle, *key[1:])


class CompiledStatements(dict[Any, Any]):
    """A cache that asks what a dialect is, not which object."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_shared(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_shared(key), compiled)


def share() -> None:
    """Let every engine of this process use one cache."""
    cache = CompiledStatements()

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def use(connection: sa.Connection) -> None:
        connection.execution_options(compiled_cache=cache)
