"""The story of an import: a row of an AOMUSE database is decoded and becomes content.

From there it is the story of a load: normalize, load. What the tables do not give back exactly is
kept as text in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import Trouble, describe_error, trouble_of
from aomuse.errors import DatabaseError
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Listener, Outcome, Result, Summary, counted
from aomuse.ledger import Ledger, Run, running
from aomuse.legacy.content import make_content
from aomuse.legacy.decisions import decide
from aomuse.legacy.decoded_row import DecodedRow, decode_row
from aomuse.legacy.known_rows import KnownRows
from aomuse.legacy.remainder import keep_documents
from aomuse.legacy.source import OldDatabase, open_source
from aomuse.load import UnitOfWork, choose_writer
from aomuse.metrics.registering import register_metrics
from aomuse.normalize import normalize
from aomuse.pipeline import show_in_views
from aomuse.stored.rows import uncollected


def import_blobs(
    engine: Engine, source_url: str, listener: Listener | None = None, *, reload: bool = False
) -> Summary:
    """Import every exposure of an AOMUSE database that is new or has changed.

    With ``reload`` a row also replaces an earlier import of its exposure of which nothing shows
    that it was the same row.
    An AomuseError if nothing could be done at all; a KeyboardInterrupt after Ctrl-C, once the
    exposure in hand is done.
    """
    listener = listener or Listener()
    with open_source(source_url) as source, running(engine, listener) as run:
        ids = source.ids()
        run.start("import-blobs", source.name)
        register_metrics(engine)
        listener.on_total(len(ids))
        for result in _Importer(engine, source, run, listener, reload=reload).results(ids):
            run.report(result)
            if run.stop.is_set():
                break
        show_in_views(engine, listener)
    return run.summary


class _Importer:
    """Imports the rows of a source, one after the other."""

    def __init__(
        self, engine: Engine, source: OldDatabase, run: Run, listener: Listener, *, reload: bool
    ) -> None:
        self._engine = engine
        self._source = source
        self._reload = reload
        way = choose_writer(engine)
        if way.notice:
            listener.on_notice(way.notice)
        self._unit = UnitOfWork(way, run.id)
        self._unit.end_killed_runs()
        self._known_rows = KnownRows(engine, source)
        self._ledger = self._read_ledger()
        self._stored: set[str] = set()

    def results(self, ids: list[int]) -> Iterator[Result]:
        """Yield the result of each row; whatever is wrong with it, the next can be imported."""
        strays = self._source.stray_processed()
        if strays:
            place = self._source.place("processed_exposure")
            yield self._skip(place, (_strays(strays, place),))
        for row_id in ids:
            # A document is millions of floats, which the collector would look through many times.
            with uncollected():
                result = self._import(row_id)
            yield result

    def _import(self, row_id: int) -> Result:
        place = self._source.place(row_id)
        try:
            row = self._read(row_id)
        except DBAPIError as error:
            if trouble_of(error) is Trouble.GONE:
                raise DatabaseError(
                    f"the source {self._source.name} has gone away ({describe_error(error)}): "
                    "run again to continue"
                ) from error
            why = f"the row cannot be read ({describe_error(error)}): check the source"
            return self._skip(place, (Issue("error", "row_unreadable", why, place),))
        if row is None:
            return self._skip(place, (), "unchanged")
        imported = make_content([row])
        archive_id = imported.content.archive_id
        if archive_id in self._stored:
            # Rows of this run are not in the ledger yet.
            self._ledger = self._read_ledger()
        decision = decide(self._ledger, self._known_rows, imported, reload=self._reload)
        plan, label = decision.plan, imported.files.label
        if decision.action == "keep":
            return Result(label, "unchanged", 0, 0.0, tuple(plan.issues))
        if decision.action == "leave":
            return self._skip(place, plan.issues, "unchanged", label)
        if decision.other_rows or plan.issues:
            row.issues += plan.issues
            rows = sorted((*decision.other_rows, row), key=lambda each: int(each.columns["id"]))
            imported = make_content(rows)
        result = self._unit.load(
            imported.files,
            plan,
            lambda: normalize(imported.content),
            partial(keep_documents, imported),
        )
        if archive_id is not None:
            self._stored.add(archive_id)
        return result

    def _read(self, row_id: int) -> DecodedRow | None:
        row = self._source.row(row_id)
        return None if row is None else decode_row(row)

    def _skip(
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
            ledger = Ledger(connection)
        self._known_rows.learn(ledger)
        return ledger


def _strays(ids: list[int], place: str) -> Issue:
    shown = ", ".join(map(str, ids[:10])) + (", …" if len(ids) > 10 else "")
    message = (
        f"{counted(len(ids), 'row')} of processed_exposure without an exposure cannot be "
        f"imported (ids {shown}): set the exposure in that database and import again"
    )
    return Issue("error", "processed_stray", message, place)
