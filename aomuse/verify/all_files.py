"""Compare all files with the database: here, or on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import create_engine, describe_error, read_transaction
from aomuse.errors import DatabaseError
from aomuse.exchange.files import IMPORT_PREFIX
from aomuse.exchange.outcome import Listener
from aomuse.models import SourceFile
from aomuse.paths import printable
from aomuse.schema import require_head
from aomuse.verify.choosing import Chosen, choose, folders_of
from aomuse.verify.comparison import Verified
from aomuse.verify.files import verify_exposure
from aomuse.workers.crew import Crew, Lost, Needs, Work


def verify(
    engine: Engine,
    roots: Sequence[Path] = (),
    on_file: Callable[[Verified], None] = lambda _: None,
    *,
    crew: Crew | None = None,
    listener: Listener | None = None,
) -> list[Verified]:
    """Compare files with the database.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    roots : sequence of pathlib.Path, optional
        Trees to compare; without them all files that the database knows.
    on_file : callable, optional
        Called with each result as soon as it is known.
    crew : callable, optional
        Offers workers that compare, such as those of `aomuse.workers.cluster`; else this process
        does.
    listener : Listener, optional
        Hears when there are no workers.

    Returns
    -------
    list of Verified
        One for each file.
    """
    require_head(engine)
    results = []
    with read_transaction(engine) as connection:
        compared = compare(connection, roots)
        if crew is not None:
            compared = _on_workers(crew, connection, roots, listener or Listener())
        # Whatever ends the loop ends the connection to a scheduler too.
        with closing(compared):
            for result in compared:
                on_file(result)
                results.append(result)
    return results


def count_imported(engine: Engine) -> int:
    """Return the number of exposures that were imported, and so have no files to compare."""
    is_imported = SourceFile.path.startswith(IMPORT_PREFIX)
    select = sa.select(sa.func.count(sa.distinct(SourceFile.exposure_id))).where(is_imported)
    with read_transaction(engine) as connection:
        return connection.scalar(select) or 0


def compare(connection: Connection, roots: Sequence[Path] = ()) -> Generator[Verified, None, None]:
    """Compare files with what a connection sees."""
    exposures, missing = choose(connection, roots)
    yield from missing
    for chosen in exposures:
        yield from verify_exposure(connection, chosen)


def _on_workers(
    crew: Crew, connection: Connection, roots: Sequence[Path], listener: Listener
) -> Generator[Verified, None, None]:
    """Compare exposure by exposure, each as it is when its turn comes."""
    exposures, missing = choose(connection, roots)
    connection.rollback()
    trees = tuple(str(root.resolve()) for root in roots) or folders_of(exposures)
    needs = Needs(trees, kept="what is shown above holds")
    with crew(connection.engine, listener, needs) as carry_out:
        yield from missing
        for chosen, result in carry_out(exposures, Work(_start_verifier), Event()):
            if isinstance(result, Lost):
                for _, path in chosen.files:
                    yield Verified(printable(path), 0, (result.reason,))
            else:
                yield from result


def _start_verifier(url: URL) -> Callable[[Chosen], list[Verified]]:
    """Return the function of a worker, which reads through a connection of its own."""
    engine = create_engine(url)

    def compare_one(chosen: Chosen) -> list[Verified]:
        try:
            with read_transaction(engine) as connection:
                return list(verify_exposure(connection, chosen))
        except DBAPIError as error:
            raise DatabaseError(describe_error(error)) from error

    return compare_one
