"""Deleting an exposure or a target takes all its rows along, by SQL and by the ORM."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from fits_factory import Tree
from sqlalchemy.orm import Session
from warehouse import TABLES, aomuse, exposure_by_id, query, scalar

from aomuse.models import Exposure, Target

#: Tables whose rows exposures share, or that tell of runs.
SHARED = {
    *("target", "keyword", "table_layout", "table_column", "wavelength_window", "metric"),
    *("load_run", "load_issue", "known_file"),
}


def sql_exposure(engine: sa.Engine, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM exposure WHERE id = :n"), {"n": number})


def orm_exposure(engine: sa.Engine, number: int) -> None:
    with Session(engine) as session:
        session.delete(session.get_one(Exposure, number))
        session.commit()


def sql_target(engine: sa.Engine, number: int) -> None:
    statement = "DELETE FROM target WHERE id = (SELECT target_id FROM exposure WHERE id = :n)"
    with engine.begin() as connection:
        connection.execute(sa.text(statement), {"n": number})


def orm_target(engine: sa.Engine, number: int) -> None:
    with Session(engine) as session:
        exposure = session.get_one(Exposure, number)
        session.delete(session.get_one(Target, exposure.target_id))
        session.commit()


@pytest.fixture
def numbers(engine: sa.Engine, db_url: str, tmp_path: Path) -> list[int]:
    tree = Tree(tmp_path / "night")
    for number in (1, 2):
        tree.add(number)
    assert aomuse(db_url, "load", tree.root).code == 0
    return [number for (number,) in query(engine, "SELECT id FROM exposure ORDER BY id")]


@pytest.mark.parametrize("delete", [sql_exposure, orm_exposure, sql_target, orm_target])
def test_no_orphan_is_left(
    engine: sa.Engine, numbers: list[int], delete: Callable[[sa.Engine, int], None]
) -> None:
    gone, kept = numbers
    before = exposure_by_id(engine, kept)
    has_rows = {name for name, found in exposure_by_id(engine, gone).items() if found}
    assert {"source_sample", "source_summary", "header_card", "table_value", "sgs"} <= has_rows
    delete(engine, gone)
    assert exposure_by_id(engine, kept) == before
    for name in TABLES.keys() - SHARED:
        count = scalar(engine, f"SELECT COUNT(*) FROM {name}")
        assert count == len(before[name]), name
    pointing = "SELECT COUNT(*) FROM load_issue WHERE exposure_id = :n"
    assert scalar(engine, pointing, n=gone) == 0


@pytest.mark.parametrize("delete", [orm_exposure, orm_target])
def test_the_orm_leaves_the_rows_to_the_database(
    engine: sa.Engine, numbers: list[int], delete: Callable[[sa.Engine, int], None]
) -> None:
    said: list[str] = []

    def note(*arguments: object) -> None:
        said.append(str(arguments[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    delete(engine, numbers[0])
    # A handful of statements, however many rows the exposure has.
    assert len(said) <= 4, said
