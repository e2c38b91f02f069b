"""The story of an import: read a row, make content of it, normalize, load; a transaction each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import Trouble, describe_error, trouble_of
from aomuse.errors import DatabaseError
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Listener, Outcome, Result, Summary
from aomuse.ledger import Ledger, Plan, Run, running
from aomuse.legacy.decisions import Decision, decide
from aomuse.legacy.exposures import Imported, read_exposure
from aomuse.legacy.residue import keep_documents
from aomuse.legacy.rows import Parts, read_parts
from aomuse.legacy.source import Source, open_source
from aomuse.load import UnitOfWork, choose_writer
from aomuse.metrics.rows import register_metrics
from aomuse.normalize import normalize
from aomuse.pipeline import show_in_views


def import_blobs(engine: Engine, source_url: str, listener: Listener | None = None) -> Summary:
    """Import every exposure of an existing AOMUSE database that is new or has changed.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    source_url : str
        URL of the AOMUSE database, which is only read.
    listener : Listener, optional
        Told of progress.

    Returns
    -------
    Summary
        What was imported; ``failed`` counts exposures of which something could not be.

    Raises
    ------
    AomuseError
        If nothing could be done at all: a source that is no AOMUSE database, a schema that is not
        at head, another loader that does not end, a database that has gone away.
    KeyboardInterrupt
        After Ctrl-C, once the exposure in flight is done.
    """
    listener = listener or Listener()
    with open_source(source_url) as source, running(engine, listener) as run:
        ids = source.ids()
        run.start("import-blobs", source.name)
        register_metrics(engine)
        listener.on_total(len(ids))
        for result in _Importer(engine, source, run, listener).results(ids):
            run.report(result)
            if run.stop.is_set():
                break
        show_in_views(engine, listener)
    return run.summary


class _Importer:
    """Imports the rows of a source, one after the other."""

    def __init__(self, engine: Engine, source: Source, run: Run, listener: Listener) -> None:
        self._engine = engine
        self._source = source
        way = choose_writer(engine)
        if way.notice:
            listener.on_notice(way.notice)
        self._unit = UnitOfWork(way, run.id)
        self._ledger = self._read_ledger()
        self._stored: set[str | None] = {None}

    def results(self, ids: list[int]) -> Iterator[Result]:
        """Yield what comes of each row; whatever is wrong with it, the next can be imported."""
        strays = self._source.stray_processed()
        if strays:
            place = self._source.place("processed_exposure")
            yield self._left(place, (_strays(strays, place),))
        for row_id in ids:
            yield self._import(row_id)

    def _import(self, row_id: int) -> Result:
        place = self._source.place(row_id)
        try:
            parts = self._read(row_id)
        except DBAPIError as error:
            if trouble_of(error) is Trouble.GONE:
                raise DatabaseError(
                    f"the source {self._source.name} has gone away ({describe_error(error)}): "
                    "run again to continue"
                ) from error
            why = f"the row cannot be read ({describe_error(error)}): see to the source"
            return self._left(place, (Issue("error", "row_unreadable", why, place),))
        if parts is None:
            return self._left(place, (), "unchanged")
        imported = read_exposure([parts])
        if imported.content.archive_id in self._stored:
            # Rows of this run are not in the ledger yet.
            self._ledger = self._read_ledger()
        decision = decide(self._ledger, self._source, imported)
        if decision.action == "keep":
            issues = tuple(decision.plan.issues)
            return Result(imported.files.label, "unchanged", 0, 0.0, issues)
        if decision.action == "leave":
            return self._left(place, decision.plan.issues, "unchanged", imported.files.label)
        return self._store(self._with_others(imported, decision), decision.plan)

    def _read(self, row_id: int) -> Parts | None:
        row = self._source.row(row_id)
        return None if row is None else read_parts(row)

    def _with_others(self, imported: Imported, decision: Decision) -> Imported:
        """Return the exposure with the other rows that it comes from."""
        if not decision.other_rows:
            return imported
        others = [self._read(row_id) for row_id in decision.other_rows]
        return read_exposure([*(parts for parts in others if parts), *imported.rows])

    def _store(self, imported: Imported, plan: Plan) -> Result:
        result = self._unit.load(
            imported.files,
            plan,
            lambda: normalize(imported.content),
            partial(keep_documents, imported),
        )
        self._stored.add(imported.content.archive_id)
        return result

    def _left(
        self,
        place: str,
        issues: tuple[Issue, ...],
        outcome: Outcome = "failed",
        label: str | None = None,
    ) -> Result:
        """Record why a row is not imported, and return its result."""
        self._unit.record_left(place, issues)
        return Result(label or place.rpartition("#")[2], outcome, 0, 0.0, issues)

    def _read_ledger(self) -> Ledger:
        with self._engine.connect() as connection:
            return Ledger(connection)


def _strays(ids: list[int], place: str) -> Issue:
    shown = ", ".join(map(str, ids[:10])) + (", …" if len(ids) > 10 else "")
    return Issue(
        "error",
        "processed_stray",
        f"{len(ids)} rows of processed_exposure belong to no exposure and are not imported "
        f"(ids {shown}): give them their exposures in that database, and import again",
        place,
    )
