"""Readers beside a loader: whatever is replaced between two of their questions, they see one state.

Each reader runs while the exposure is loaded again between its statements, by turns with other
values and as it was. What it gives is what it gives alone.
"""

import itertools
import re
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from fits_factory import Tree, prm, psf, raw, reduced, write
from warehouse import execute, scalar, succeed

from aomuse import connect, pipeline
from aomuse.db import create_engine
from aomuse.errors import BusyError
from aomuse.exchange.outcome import Result
from aomuse.ledger import Plan
from aomuse.load import UnitOfWork, choose_writer
from aomuse.models import Exposure
from aomuse.normalize import normalize
from aomuse.read import read_exposure


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Write an exposure, and one with other values under the same names."""
    one, other = (Tree(tmp_path_factory.mktemp("night") / name) for name in ("one", "other"))
    one.add(1)
    changed = other.add(1)

    write(changed.psf, psf(seed=2))
    write(changed.prm, prm(seed=2))
    write(changed.reduced, reduced(1, EXPTIME=300.0))
    raw_file = raw(1)
    raw_file[0].header["EXPTIME"] = 300.0
    write(changed.raw, raw_file)
    return one.root, other.root


@pytest.fixture
def reload(db_url, night, load_once):
    """Give a function that replaces the exposure, by the files of the other tree each time."""
    load_once(night[0])
    engine = create_engine(db_url)
    execute(engine, "UPDATE load_run SET outcome = 'running'")
    number = scalar(engine, "SELECT MAX(id) FROM load_run")
    variants = []
    for root in night:
        ((files, plan),) = pipeline.plan(engine, [root], reload=True)[1]
        variants.append((files, normalize(read_exposure(files)), plan.known))
    unit = UnitOfWork(choose_writer(engine), number)
    turns = itertools.cycle(variants[::-1])

    def replace() -> None:
        files, exposure, known = next(turns)
        result: Result = unit.load(files, Plan("replace", known), lambda: exposure)
        assert result.outcome == "replaced", result

    yield replace
    engine.dispose()


#: Before which statements of a reader the exposure is replaced: all of the first, then some.
MOMENTS = {2, 3, 4, 6, 9, 14, 22, 35, 56, 90}


@contextmanager
def beside(happens: Callable[[], None]):
    """Let something happen between statements that are run meanwhile."""
    count, inside = 0, False

    def watch(*_: Any) -> None:
        nonlocal count, inside
        if inside:
            return
        count += 1
        if count in MOMENTS:
            inside = True
            happens()
            inside = False

    sa.event.listen(sa.Engine, "before_cursor_execute", watch)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", watch)
    assert count > 1, "it asked only once, and proves nothing"


def exported(url: str, folder: Path) -> Any:
    succeed(url, "export", "seed-json", folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def reported(url: str, folder: Path) -> Any:
    page = folder.with_suffix(".html")
    succeed(url, "report", page)
    return re.sub(r"<time.*?</time>", "", page.read_text())


def status(url: str, _: Path) -> Any:
    # Issues that a later run closes are kept.
    return re.sub(r"load_issue +\d+", "", succeed(url, "status").out)


def verified(url: str, _: Path) -> None:
    assert "4 files" in succeed(url, "verify").out


def of_a_session(url: str, _: Path) -> Any:
    with connect(url).session() as session:
        (exposure,) = session.scalars(sa.select(Exposure))
        (fit,) = exposure.psf_fits
        return repr((exposure.data(), fit.psf_params(), fit.sources()))


@pytest.mark.parametrize("reader", [exported, reported, status, verified, of_a_session])
def test_a_reader_sees_one_state(reader, reload, db_url, tmp_path):
    before = reader(db_url, tmp_path / "before")
    reload()
    after = reader(db_url, tmp_path / "after")
    with beside(reload):
        found = reader(db_url, tmp_path / "beside")
    # The revision is asked first, by a question of its own.
    assert found in (before, after)


def test_frames_show_one_state(reload, db_url):
    db = connect(db_url)
    calls: list[Callable[[], Any]] = [
        db.exposures,
        db.metrics,
        lambda: db.header("EXPTIME", "ESO OBS ID"),
        lambda: db.telemetry("SPARTA_ATM_DATA").drop(columns="header_id"),
        db.psf,
        db.sources,
        lambda: pd.concat(list(db.sources(chunk_rows=3)), ignore_index=True),
    ]
    before = [call() for call in calls]
    reload()
    after = [call() for call in calls]
    assert not before[0].equals(after[0])
    assert not before[-1].equals(after[-1])
    for number, call in enumerate(calls):
        with beside(reload):
            found = call()
        assert found.equals(before[number]) or found.equals(after[number]), number


def test_a_session_does_not_change_what_was_replaced_meanwhile(db_url, reload):
    """Its change would go to rows that are gone, and its metrics would be those of old values."""
    with connect(db_url).session() as session:
        (exposure,) = session.scalars(sa.select(Exposure))
        assert exposure.exposure_time_s == 600.0
        reload()
        with pytest.raises(BusyError, match=r"rolled back: fetch and change it again$"):
            exposure.set_header("EXPTIME", 5.0)
        assert exposure.exposure_time_s == 300.0
        exposure.set_header("EXPTIME", 5.0)
        session.commit()
    with connect(db_url).session() as session:
        (exposure,) = session.scalars(sa.select(Exposure))
        assert exposure.data()["PRIMARY"]["EXPTIME"] == 5.0
