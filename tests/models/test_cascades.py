"""Deleting an exposure or a target takes all its rows along, by SQL and by the ORM."""

import pytest
import sqlalchemy as sa
from loaded import tree_of
from sqlalchemy.orm import Session
from warehouse import TABLES, execute, exposure_by_id, fill_every_table, query, scalar

from aomuse.models import Base, Exposure, Target

#: Tables whose rows stay when an exposure goes, and why.
SHARED = {
    "target": "has other exposures, now or later",
    "keyword": "a dictionary of all headers",
    "table_layout": "a dictionary of all tables",
    "table_column": "a dictionary of all tables",
    "wavelength_window": "part of the schema",
    "metric": "part of the schema",
    "load_run": "tells what was done, whatever came of it",
    "load_issue": "tells what was found, and then points at no exposure",
    "known_file": "tells what a file on disk is, loaded or not",
    "run_lock": "tells who holds the database",
    "view_state": "tells how a view was made",
}


MODELS = {"exposure": Exposure, "target": Target}


def owner(engine: sa.Engine, name: str, exposure_id: int) -> int:
    """Give the number of an exposure, or that of its target."""
    column = "id" if name == "exposure" else "target_id"
    return int(scalar(engine, f"SELECT {column} FROM exposure WHERE id = {exposure_id}"))


def delete(engine: sa.Engine, name: str, number: int, *, by: str) -> None:
    if by == "SQL":
        execute(engine, f"DELETE FROM {name} WHERE id = {number}")
        return
    with Session(engine) as session:
        session.delete(session.get_one(MODELS[name], number))
        session.commit()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("night"), 2).root


@pytest.fixture
def numbers(engine, root, load_once):
    load_once(root)
    fill_every_table(engine)
    return [number for (number,) in query(engine, "SELECT id FROM exposure ORDER BY id")]


@pytest.mark.parametrize("by", ["SQL", "ORM"])
@pytest.mark.parametrize("name", MODELS)
def test_no_orphan_is_left(engine, numbers, name, by):
    gone, kept = numbers
    before = exposure_by_id(engine, kept)
    has_rows = {name for name, found in exposure_by_id(engine, gone).items() if found}
    assert has_rows == TABLES.keys() - SHARED.keys()
    delete(engine, name, owner(engine, name, gone), by=by)
    assert exposure_by_id(engine, kept) == before
    for table in TABLES:
        count = scalar(engine, f"SELECT COUNT(*) FROM {table}")
        if table in SHARED:
            assert count >= (table != "target"), table
        else:
            assert count == len(before[table]), table
    for table in TABLES.values():
        for key in table.foreign_key_constraints:
            assert not orphans(engine, key), key.name


def orphans(engine: sa.Engine, key: sa.ForeignKeyConstraint) -> int:
    """Count the rows whose parent is missing, without the engine's word for it."""
    child, parent = key.table.alias("child"), key.referred_table.alias("parent")
    pairs = [(child.c[e.parent.name], parent.c[e.column.name]) for e in key.elements]
    matched = sa.exists().where(*(ours == theirs for ours, theirs in pairs))
    points = sa.and_(*(ours.is_not(None) for ours, _ in pairs))
    select = sa.select(sa.func.count()).select_from(child).where(points, ~matched)
    with engine.connect() as connection:
        return int(connection.scalar(select) or 0)


def test_every_table_hangs_on_an_exposure_or_is_shared():
    """A new table is covered without anybody thinking of it."""
    hanging = {"exposure"}
    for table in Base.metadata.sorted_tables:
        keys = [key for key in table.foreign_key_constraints if key.ondelete == "CASCADE"]
        if hanging & {key.referred_table.name for key in keys}:
            hanging.add(table.name)
    assert hanging == TABLES.keys() - SHARED.keys()


def test_the_rows_to_delete_are_found_by_an_index(engine):
    """However large the table: without one, SQLite would go through it for every parent."""
    inspector = sa.inspect(engine)
    for name, table in TABLES.items():
        leading = [inspector.get_pk_constraint(name)["constrained_columns"]]
        leading += [index["column_names"] for index in inspector.get_indexes(name)]
        leading += [unique["column_names"] for unique in inspector.get_unique_constraints(name)]
        for key in table.foreign_key_constraints:
            columns = {element.parent.name for element in key.elements}
            assert any(set(found[: len(columns)]) == columns for found in leading), key.name


@pytest.mark.parametrize("name", MODELS)
def test_the_orm_leaves_the_rows_to_the_database(engine, numbers, name):
    number = owner(engine, name, numbers[0])
    said: list[str] = []

    def note(*arguments: object) -> None:
        said.append(str(arguments[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    delete(engine, name, number, by="ORM")
    # A handful of statements, however many rows the exposure has.
    assert len(said) <= 4, said
