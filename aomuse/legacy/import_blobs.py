"""The story of an import: a row of an AOMUSE database, decoded, as content, normalized, loaded.

After that it is the story of a load. What the tables do not give back exactly is kept as text.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import Trouble, describe_error, trouble_of
from aomuse.errors import DatabaseError
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Listener, Outcome, Result, Summary
from aomuse.ledger import Ledger, Plan, Run, finish_run, run_lock, start_run
from aomuse.legacy.content import Imported, make_content
from aomuse.legacy.decisions import Decision, decide
from aomuse.legacy.decoded_row import DecodedRow, decode_row
from aomuse.legacy.remainder import keep_documents
from aomuse.legacy.source import Source, open_source
from aomuse.load import UnitOfWork, choose_writer
from aomuse.metrics.rows import register_metrics
from aomuse.normalize import normalize
from aomuse.pipeline import said, show_in_views
from aomuse.schema import require_head
from aomuse.workers import finish_on_interrupt

logger = logging.getLogger(__name__)


def import_blobs(engine: Engine, source_url: str, listener: Listener | None = None) -> Summary:
    """Import every exposure of an existing AOMUSE database that is new or has changed.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    source_url : str
        URL of the AOMUSE database, which is only read.
    listener : Listener, optional
        Shows progress.

    Returns
    -------
    Summary
        What was imported; ``failed`` counts exposures of which something could not be.

    Raises
    ------
    AomuseError
        If nothing could be done at all: a source that is not an AOMUSE database, a schema that is
        not at head, another run that does not end, a lost connection.
    KeyboardInterrupt
        After Ctrl-C, once the exposure in hand is done.
    """
    listener = listener or Listener()
    started = time.monotonic()
    summary = Summary()
    with open_source(source_url) as source:
        revision = require_head(engine)
        ids = source.ids()
        with finish_on_interrupt() as stop, run_lock(engine, listener.on_wait) as keep_lock:
            run = start_run(engine, "import-blobs", [source.name], revision)
            outcome = "failed"
            try:
                register_metrics(engine)
                listener.on_total(len(ids))
                for result in _Importer(engine, source, run, listener).results(ids):
                    summary.add(result)
                    run.count(result.outcome, result.row_count, failed=result.has_errors)
                    listener.on_result(result)
                    keep_lock()
                    if stop.is_set():
                        break
                show_in_views(engine, listener)
                outcome = "issues" if summary.failed else "complete"
            except KeyboardInterrupt:
                stop.set()
            finally:
                # Without a database there is no end to record: the next run sees that it died.
                with suppress(DBAPIError):
                    finish_run(engine, run, "interrupted" if stop.is_set() else outcome)
    if stop.is_set():
        raise KeyboardInterrupt
    summary.seconds = time.monotonic() - started
    return summary


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
        """Yield the result of each row; whatever is wrong with it, the next can be imported."""
        strays = self._source.stray_processed()
        if strays:
            place = self._source.place("processed_exposure")
            yield self._left(place, (_strays(strays, place),))
        for row_id in ids:
            yield self._import(row_id)

    def _import(self, row_id: int) -> Result:
        started = time.monotonic()
        place = self._source.place(row_id)
        try:
            row = self._read(row_id)
        except DBAPIError as error:
            if trouble_of(error) is Trouble.GONE:
                raise DatabaseError(
                    f"the source {self._source.name} has gone away ({describe_error(error)}): "
                    "import again to go on"
                ) from error
            why = f"the row cannot be read ({describe_error(error)}): check the source"
            return self._left(place, (Issue("error", "row_unreadable", why, place),))
        if row is None:
            return self._left(place, (), "unchanged")
        imported = make_content([row])
        if imported.content.archive_id in self._stored:
            # Rows of this run are not in the ledger yet.
            self._ledger = self._read_ledger()
        decision = decide(self._ledger, self._source, imported)
        if decision.action == "keep":
            issues = tuple(decision.plan.issues)
            return Result(imported.files.label, "unchanged", 0, 0.0, issues)
        if decision.action == "leave":
            return self._left(place, decision.plan.issues, "unchanged", imported.files.label)
        return self._store(self._with_others(imported, decision), decision.plan, started)

    def _read(self, row_id: int) -> DecodedRow | None:
        row = self._source.row(row_id)
        return None if row is None else decode_row(row)

    def _with_others(self, imported: Imported, decision: Decision) -> Imported:
        """Return the exposure with the other rows that it comes from."""
        if not decision.other_rows:
            return imported
        others = [self._read(row_id) for row_id in decision.other_rows]
        return make_content([*(row for row in others if row), *imported.rows])

    def _store(self, imported: Imported, plan: Plan, started: float) -> Result:
        label = imported.files.label
        try:
            exposure = normalize(imported.content)
            row_count = self._unit.store(
                imported.files,
                plan,
                exposure,
                lambda connection, exposure_id: keep_documents(
                    connection, exposure_id, exposure, imported
                ),
            )
        except DatabaseError:
            raise
        except Exception as error:
            logger.debug("%s could not be imported", label, exc_info=True)
            place = imported.rows[-1].place
            issue = Issue(
                "error",
                "not_stored",
                f"the exposure {label} could not be stored ({said(error)}): nothing of it was "
                "changed; import again, and if this stays, report it with the row",
                place,
            )
            self._unit.record_failure(imported.files, plan, issue)
            return Result(label, "failed", 0, time.monotonic() - started, (issue,))
        self._stored.add(imported.content.archive_id)
        outcome: Outcome = "replaced" if plan.known else "loaded"
        issues = tuple(dict.fromkeys(exposure.issues))
        return Result(label, outcome, row_count, time.monotonic() - started, issues)

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
    rows = "1 row" if len(ids) == 1 else f"{len(ids)} rows"
    message = (
        f"{rows} of processed_exposure without an exposure cannot be imported (ids {shown}): set "
        "the exposure in that database and import again"
    )
    return Issue("error", "processed_stray", message, place)
