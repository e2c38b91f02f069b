"""Write a lake, or bring it up to date: new files, changed ones, and none that has no news."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import NamedTuple

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import create_engine, describe_error, read_transaction
from aomuse.errors import AomuseError
from aomuse.exchange.outcome import Listener, Result, Summary
from aomuse.lake.compaction import compact, recover, take_apart
from aomuse.lake.files import LakeFile, write_file
from aomuse.lake.folder import alone, clear, require_lake
from aomuse.lake.layout import (
    Place,
    exposure_tables,
    places,
    schema,
    whole_file_of,
    whole_tables,
)
from aomuse.lake.manifest import Key, Manifest, read_head, read_manifest
from aomuse.lake.rows import owners, rows_of_exposure, whole_table
from aomuse.lake.state import database_state, exposure_states
from aomuse.lake.views import translate_views, write_views
from aomuse.schema import require_head
from aomuse.signals import Ended, finish_on_interrupt
from aomuse.workers.processes import get_ready, run_tasks

#: Seconds after which the manifest is written while an export goes on, so that one that is killed
#: does not begin from the start.
_CHECKPOINT_S = 30.0


class _Task(NamedTuple):
    """An exposure to write, and what its content is known by."""

    place: Place
    key: Key


class _Written(NamedTuple):
    """What was written of an exposure."""

    files: list[LakeFile]
    seconds: float


def export(
    engine: Engine,
    root: Path,
    *,
    rewrite: bool = False,
    merge: bool = False,
    workers: int = 1,
    listener: Listener | None = None,
) -> Summary:
    """Bring a lake up to date with the database, at one moment of it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    root : pathlib.Path
        Folder of the lake; made if it is missing.
    rewrite : bool, optional
        Write all files again, also those without news: after changes by SQL, which nothing counts.
    merge : bool, optional
        Merge the files of each night.
    workers : int, optional
        Processes.
    listener : Listener, optional
        Shows progress.

    Returns
    -------
    Summary
        Exposures written (loaded), written again (replaced) and without news (unchanged), rows
        written, and seconds.

    Raises
    ------
    AomuseError
        If the folder is something else, or cannot be written.
    KeyboardInterrupt
        After Ctrl-C, once the exposures in hand are done; the next export goes on.
    """
    listener = listener or Listener()
    summary = Summary()
    started = time.monotonic()
    revision = require_head(engine)
    require_lake(root)
    with (
        alone(root),
        read_transaction(engine) as connection,
        finish_on_interrupt() as stop,
    ):
        state = [revision, version("aomuse"), *database_state(connection)]
        head = None if rewrite else read_head(root)
        if head is not None and head["state"] == state and not merge:
            summary.counts["unchanged"] = len(exposure_states(connection))
        else:
            manifest = read_manifest(root) or Manifest(revision)
            if rewrite or manifest.revision != revision:
                manifest.exposures = {}
            clear(root)
            if manifest.state is None:
                recover(root, manifest)
            manifest.revision, manifest.state = revision, None
            # From now on the folder is a lake, on its way to another state.
            manifest.write(root)
            update = _Update(connection, root, manifest, listener, summary, stop)
            update.exposures(engine, workers)
            if not stop.is_set():
                update.whole_tables()
                if merge:
                    compact(root, manifest)
                write_views(root, connection, manifest)
                manifest.state = state
            manifest.write(root)
    if stop.is_set():
        raise Ended(stop.number)
    summary.seconds = time.monotonic() - started
    return summary


class _Update:
    """A lake on its way to what the database holds at one moment."""

    def __init__(
        self,
        connection: Connection,
        root: Path,
        manifest: Manifest,
        listener: Listener,
        summary: Summary,
        stop: Event,
    ) -> None:
        self._connection = connection
        self._root = root
        self._manifest = manifest
        self._listener = listener
        self._summary = summary
        self._stop = stop
        self._paths: dict[int | None, set[str]] = {}
        for file in manifest.files.values():
            self._paths.setdefault(file.exposure_id, set()).add(file.path)
        self._before = set(manifest.exposures)
        self._saved = time.monotonic()

    def exposures(self, engine: Engine, workers: int) -> None:
        """Write the files of exposures with news, and remove those of exposures that are gone."""
        states = exposure_states(self._connection)
        where = places((state.id, state.archive_id, state.start) for state in states)
        keys = {
            state.id: [*state.key, place.folder, place.name]
            for state, place in zip(states, where, strict=True)
        }
        known = self._manifest.exposures
        news = {number for number, key in keys.items() if _content(known.get(number)) != key[:-1]}
        gone = known.keys() - keys.keys()
        merged = [known[number][-2] for number in (news | gone) & known.keys()]
        take_apart(self._root, self._manifest, merged)
        news |= keys.keys() - known.keys()
        for exposure_id in gone:
            self._replace(exposure_id, None, [])
        tasks = [
            _Task(place, keys[place.exposure_id]) for place in where if place.exposure_id in news
        ]
        self._summary.counts["unchanged"] = len(where) - len(tasks)
        self._listener.on_total(len(tasks))
        for task, written in self._written(engine, tasks, workers):
            self._replace(task.place.exposure_id, task.key, written.files)
            self._report(task, written)
            if time.monotonic() - self._saved > _CHECKPOINT_S:
                self._manifest.write(self._root)
                self._saved = time.monotonic()

    def _report(self, task: _Task, written: _Written) -> None:
        is_new = task.place.exposure_id not in self._before
        rows = sum(file.rows for file in written.files)
        label = task.place.archive_id or f"exposure {task.place.exposure_id}"
        result = Result(label, "loaded" if is_new else "replaced", rows, written.seconds)
        self._summary.add(result)
        self._listener.on_result(result)

    def _written(
        self, engine: Engine, tasks: list[_Task], workers: int
    ) -> Iterator[tuple[_Task, _Written]]:
        if workers > 1 and len(tasks) > 1:
            get_ready((__name__,), fork=False)
            # Meanwhile this process does what is left for the end.
            translate_views(self._connection)
            arguments, notice = (engine.url, self._root), self._listener.on_notice
            results = run_tasks(
                *(tasks, _start, arguments, workers, self._stop, notice),
                modules=(__name__,),
                fork=False,
            )
            for task, result in results:
                if isinstance(result, AomuseError):
                    raise result
                if isinstance(result, _Written):
                    yield task, result
                else:
                    # Its worker died, or saw the exposure at another moment than this process.
                    yield task, _write(self._connection, self._root, task.place)
            return
        for task in tasks:
            if self._stop.is_set():
                return
            yield task, _write(self._connection, self._root, task.place)

    def _replace(self, exposure_id: int, key: Key | None, files: list[LakeFile]) -> None:
        """Let the manifest know the files of an exposure in place of those it had."""
        new = {file.path: file for file in files}
        for path in self._paths.get(exposure_id, set()):
            del self._manifest.files[path]
            if path not in new:
                (self._root / path).unlink(missing_ok=True)
        self._manifest.files |= new
        if key is None:
            self._manifest.exposures.pop(exposure_id, None)
        else:
            self._manifest.exposures[exposure_id] = key

    def whole_tables(self) -> None:
        """Write the tables that have one file, and leave those alone that are as they were."""
        for table in whole_tables():
            path = whole_file_of(table.name)
            known = self._manifest.files.pop(str(path), None)
            batches = whole_table(self._connection, table)
            written = write_file(self._root, path, schema(table.name), batches, known=known)
            assert written is not None
            self._manifest.files[written.path] = written
            if written != known:
                self._summary.row_count += written.rows


def _content(key: Key | None) -> Key | None:
    """Return what an exposure's content and night are known by, whatever file it is in."""
    return key and key[:-1]


def _write(connection: Connection, root: Path, place: Place) -> _Written:
    """Write the files of an exposure, as a connection sees it."""
    started = time.monotonic()
    ids = owners(connection, place.exposure_id)
    files = []
    for table in exposure_tables():
        batches = rows_of_exposure(connection, table, place, ids)
        file = write_file(
            root, place.file(table.name), schema(table.name), batches, place.exposure_id
        )
        if file is not None:
            files.append(file)
    return _Written(files, time.monotonic() - started)


def _start(url: URL, root: Path) -> Callable[[_Task], _Written | AomuseError | None]:
    """Return the function of a worker, which has a connection of its own."""
    engine = create_engine(url, patient=False)

    def write(task: _Task) -> _Written | AomuseError | None:
        try:
            with read_transaction(engine) as connection:
                states = exposure_states(connection, task.place.exposure_id)
                if [state.key for state in states] != [task.key[:-2]]:
                    return None
                return _write(connection, root, task.place)
        except DBAPIError as error:
            return AomuseError(describe_error(error))
        except AomuseError as error:
            return error

    return write
