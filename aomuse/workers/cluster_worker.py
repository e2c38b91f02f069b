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
from aomuse.models import LoadRun
from aomuse.schema import current_revision
from aomuse.workers.crew import Needs, Work
from aomuse.workers.processes import Withdrawn

#: Packages whose versions decide what is read and how it is stored.
_PACKAGES = ("aomuse", "astropy", "numpy", "pandas", "sqlalchemy", "mariadb", "distributed")

#: Number, host, process and start: no two databases have the same run.
RunKey = tuple[int, str, int, str]


@dataclass(frozen=True)
class Installation:
    """What a process that takes part has."""

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
    """What a worker needs besides a task: the command, what that has, and what is to be done."""

    command: str
    needs: Needs
    here: Installation
    run: RunKey | None
    work: Work


def installation(needs: Needs, engine: Engine | None = None) -> Installation:
    """Return what this process has; a worker connects as its environment says."""
    versions = {name: _version(name) for name in (*_PACKAGES, *needs.packages)}
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
    return Installation(versions, {root: _seen(root) for root in needs.roots}, revision, database)


def newest_run(engine: Engine, number: int | None = None) -> RunKey | None:
    """Return what tells the newest run, or that of a number, from those of other databases."""
    select = sa.select(LoadRun.id, LoadRun.host, LoadRun.process_id, LoadRun.started_utc)
    if number is not None:
        select = select.where(LoadRun.id == number)
    with engine.connect() as connection:
        row = connection.execute(select.order_by(LoadRun.id.desc()).limit(1)).first()
    return None if row is None else (row.id, row.host, row.process_id, str(row.started_utc))


#: The function of each thread, and the command that it is for.
_OWN = threading.local()


def carry_out_on_worker(call: Call, task: Any) -> Any:
    """Turn a task into its result, Withdrawn where this worker does not fit."""
    if getattr(_OWN, "command", None) != call.command:
        try:
            _OWN.function = _start(call)
        except (AomuseError, DBAPIError) as error:
            said = describe_error(error) if isinstance(error, DBAPIError) else str(error)
            return Withdrawn(f"a worker on {os.uname().nodename} cannot be used: {said}")
        _OWN.command = call.command
    try:
        return _OWN.function(task)
    except DatabaseError as error:
        return error


def _start(call: Call) -> Callable[[Any], Any]:
    # A worker that came later has not been asked yet.
    wrong = installation(call.needs).unlike(call.here)
    engine = _own_engine()
    if not wrong and call.run is not None and newest_run(engine, call.run[0]) != call.run:
        wrong = f"its {DATABASE_URL_VARIABLE} names another database"
    engine.dispose()
    if wrong:
        raise ConfigurationError(wrong)
    return call.work.start(engine.url, *call.work.arguments)


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
