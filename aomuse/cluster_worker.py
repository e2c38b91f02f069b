"""What runs on a worker of a cluster."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.config import DATABASE_URL_VARIABLE
from aomuse.db import create_engine, describe_error
from aomuse.errors import AomuseError, ConfigurationError, DatabaseError
from aomuse.exchange.outcome import Result
from aomuse.load import NotNow
from aomuse.models import LoadRun
from aomuse.schema import current_revision
from aomuse.tasks import Make, Task, start_loader
from aomuse.workers import Withdrawn

#: Packages whose versions decide what is read and how it is stored.
_PACKAGES = ("aomuse", "astropy", "numpy", "pandas", "sqlalchemy", "mariadb", "distributed")

#: Number, host, process and start: no two databases have the same run.
RunKey = tuple[int, str, int, str]


@dataclass(frozen=True)
class Installation:
    """What a process that loads has."""

    versions: dict[str, str]
    roots: dict[str, str]
    revision: str | None
    database: str

    def unlike(self, other: Installation) -> str:
        """Return what is different here, and what to do."""
        for name, there in self.versions.items():
            if there != other.versions[name]:
                return (
                    f"it has {name} {there}, and this machine {other.versions[name]}: install the "
                    "same everywhere"
                )
        for root, there in self.roots.items():
            if there != other.roots[root]:
                return f"there {root} is {there}: mount the files at the same path everywhere"
        if self.database != other.database:
            return (
                f"its {DATABASE_URL_VARIABLE} names another database ({self.database}, revision "
                f"{self.revision})"
            )
        return ""


@dataclass(frozen=True)
class Call:
    """What a worker needs besides a task."""

    run: RunKey
    fast: bool
    make: Make


def installation(roots: tuple[str, ...], engine: Engine | None = None) -> Installation:
    """Return what this process has; a worker connects as its environment says."""
    versions = {name: _version(name) for name in _PACKAGES}
    versions["Python"] = ".".join(map(str, sys.version_info[:2]))
    own = engine or _own_engine()
    try:
        with own.connect() as connection:
            # Not the address that it is reached by, which may differ.
            named = sa.text("SELECT CONCAT(DATABASE(), ' on ', @@hostname, ':', @@port)")
            database = str(connection.scalar(named))
        revision = current_revision(own)
    except DBAPIError as error:
        raise AomuseError(describe_error(error)) from error
    finally:
        if engine is None:
            own.dispose()
    return Installation(versions, {root: _seen(root) for root in roots}, revision, database)


def run_of(engine: Engine, run_id: int) -> RunKey | None:
    """Return what tells a run from those of other databases."""
    columns = (LoadRun.host, LoadRun.process_id, LoadRun.started_utc)
    with engine.connect() as connection:
        row = connection.execute(sa.select(*columns).where(LoadRun.id == run_id)).first()
    return None if row is None else (run_id, row.host, row.process_id, str(row.started_utc))


#: The loader of each thread, and the run that it is for.
_LOADERS = threading.local()


def load_on_worker(call: Call, task: Task) -> Result | NotNow | DatabaseError | Withdrawn:
    """Load an exposure for a run."""
    if getattr(_LOADERS, "run", None) != call.run:
        try:
            _LOADERS.load = _loader(call)
        except (AomuseError, DBAPIError) as error:
            said = describe_error(error) if isinstance(error, DBAPIError) else str(error)
            return Withdrawn(f"a worker on {os.uname().nodename} cannot load: {said}")
        _LOADERS.run = call.run
    result: Result | NotNow | DatabaseError | Withdrawn = _LOADERS.load(task)
    return result


def _loader(call: Call) -> Callable[[Task], Any]:
    engine = _own_engine()
    # A worker that came later has not been asked yet.
    if run_of(engine, call.run[0]) != call.run:
        raise ConfigurationError(f"its {DATABASE_URL_VARIABLE} names another database")
    engine.dispose()
    url = engine.url.render_as_string(hide_password=False)
    return start_loader(url, call.run[0], call.fast, call.make)


def _own_engine() -> Engine:
    if not os.environ.get(DATABASE_URL_VARIABLE):
        raise ConfigurationError(f"{DATABASE_URL_VARIABLE} is not set in its environment")
    return create_engine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _seen(root: str) -> str:
    try:
        # A file system that is not mounted leaves an empty folder.
        return "a folder" if any(Path(root).iterdir()) else "an empty folder"
    except OSError as error:
        return f"not a folder to be read ({error.strerror})"
