"""A second look at what is to be done, after other loaders have stored exposures too."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine

from aomuse.db import read_transaction
from aomuse.exchange.files import ExposureFiles
from aomuse.ledger.gathering import gathered
from aomuse.ledger.known_exposures import Ledger
from aomuse.ledger.planning import Plan, make_plan
from aomuse.ledger.selecting import exposures_of, unnamed_exposures
from aomuse.retries import retrying

Plans = list[tuple[ExposureFiles, Plan]]


def look_again(
    engine: Engine, planned: Plans, plans: Plans, paths: Collection[str], *, reload: bool
) -> Plans:
    """Return what is to be done with exposures that another loader had.

    ``plans`` are theirs, ``planned`` those of all exposures of the run: what is known by now may
    show that some of these are one.
    """
    ledger = _ledger_of(engine, [files for files, _ in plans])
    wanted = {str(file) for files, _ in plans for file in files.files}
    others = [files for files, _ in planned if not wanted.issuperset(map(str, files.files))]
    before = {known.state for _, todo in plans for known in todo.known}
    again = []
    for files in gathered(ledger, [*(files for files, _ in plans), *others]):
        if wanted.isdisjoint(map(str, files.files)):
            continue
        # What another one has stored since need not be replaced again.
        is_same = before.issuperset(known.state for known in ledger.known(files))
        again.append((files, make_plan(ledger, files, paths, reload=reload and is_same)))
    return again


def that_meet(
    engine: Engine, planned: Plans, paths: Collection[str], unnamed: Collection[int]
) -> Plans:
    """Return what is to be done with exposures that were stored in pieces.

    One loader may store an analysis without its cube while another one stores the cube. Both look
    for that at the end, so that whoever ends last sees it. ``unnamed`` are the exposures that had
    no archive name when the plans were made.
    """
    exposures = [files for files, _ in planned]
    with engine.connect() as connection:
        are_new = unnamed_exposures(connection) - set(unnamed)
    if not are_new and all(files.archive_id is not None for files in exposures):
        return []
    ledger = _ledger_of(engine, exposures)
    again = [(files, make_plan(ledger, files, paths)) for files in gathered(ledger, exposures)]
    return [(files, todo) for files, todo in again if len(todo.known) > 1]


def _ledger_of(engine: Engine, exposures: list[ExposureFiles]) -> Ledger:
    def read() -> Ledger:
        with read_transaction(engine) as connection:
            return Ledger(connection, exposures_of(connection, exposures))

    return retrying(engine, read)
