"""A warehouse of many exposures, made of a few by repeating their rows in SQL.

Loading a thousand whole exposures would take half an hour and 40 GB. Questions of dashboards read
metrics, summaries and telemetry; the largest tables are left out, and of the layers there are those
that questions by wavelength look up.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from aomuse.models import Base
from aomuse.predict.psfr import WAVELENGTHS_NM
from aomuse.simulate.psf import FIRST_WAVELENGTH, STEP

#: Tables with a row for each layer of a source, header card or value of a file.
LEFT_OUT = frozenset(
    {"source_sample", "position_parameter", "header_card", "table_value", "special_value"}
)
#: Layers that are repeated where no samples are, which hang on them: the first two, by which
#: metrics find the others, and the nearest to the wavelengths of predictions, which they have too.
_LAYERS = {0, 1, *(round((nm * 1e-9 - FIRST_WAVELENGTH) / STEP) for nm in WAVELENGTHS_NM)}
#: Tables with a row for each time or source, which a warehouse of very many exposures goes without.
TELEMETRY = frozenset(
    {
        *("sparta_atm", "sparta_cn2", "sparta_cn2_layer", "asm", "asm_mass_layer"),
        *("asm_slodar_layer", "sgs", "ag", "extracted_source", "night_constraint"),
    }
)
#: Names by which a load knows an exposure: a copy has its own.
_NAMES = {"exposure.archive_id", "exposure.raw_file", "source_file.path", "source_file.name"}
#: Days between two copies of the loaded nights.
_STEP_DAYS = 3


def multiply(engine: sa.Engine, wanted: int, left_out: frozenset[str] = LEFT_OUT) -> int:
    """Repeat the exposures of a warehouse under new numbers, names and nights.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A warehouse with a few exposures and nobody else in it.
    wanted : int
        How many exposures there are to be, at least.
    left_out : frozenset of str, optional
        Tables whose rows are not repeated.

    Returns
    -------
    int
        Exposures that there are now.
    """
    with engine.begin() as connection:
        count = connection.scalar(sa.text("SELECT COUNT(*) FROM exposure")) or 0
        copies = -(-wanted // count) - 1
        tables = _repeated(left_out)
        steps = {
            table.name: (connection.scalar(sa.select(sa.func.max(table.c.id))) or 0) + 1
            for table in tables
            if "id" in table.c
        }
        # What is repeated are the rows that were there before.
        first = {
            table.name: [
                column < steps[name]
                for column in table.primary_key
                if (name := _number_of(column)) in steps
            ]
            for table in tables
        }
        for number in range(1, copies + 1):
            for table in tables:
                copy = sa.literal_column(str(number), sa.Integer)
                values = [_value(column, steps, copy, engine.dialect.name) for column in table.c]
                rows = sa.select(*values).where(*first[table.name])
                if table.name in ("psf_layer", "psf_parameter") and "source_sample" in left_out:
                    rows = rows.where(table.c.layer.in_(_LAYERS))
                rows = rows.order_by(*table.primary_key)
                connection.execute(sa.insert(table).from_select(list(table.c.keys()), rows))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in Base.metadata.sorted_tables:
            analyze = "ANALYZE TABLE" if engine.dialect.name != "sqlite" else "ANALYZE"
            connection.exec_driver_sql(f"{analyze} {table.name}").close()
    return count * (copies + 1)


def _repeated(left_out: frozenset[str]) -> list[sa.Table]:
    """Return the tables whose rows belong to an exposure, parents first."""
    found: list[sa.Table] = []
    for table in Base.metadata.sorted_tables:
        parents = {key.column.table for key in table.foreign_keys}
        if table.name == "exposure" or (parents & set(found) and table.name not in left_out):
            found.append(table)
    return found


def _number_of(column: sa.Column[Any]) -> str | None:
    """Return the table whose ids a column holds."""
    if column.name == "id":
        return column.table.name
    for key in column.foreign_keys:
        return _number_of(key.column)
    return None


def _value(
    column: sa.Column[Any], steps: dict[str, int], copy: sa.ColumnElement[int], dialect: str
) -> sa.ColumnElement[Any]:
    """Return what the copy of a row has in a column."""
    step = steps.get(_number_of(column) or "")
    if step is not None:
        return column + copy * step
    if f"{column.table.name}.{column.name}" in _NAMES:
        return column.concat("+").concat(sa.cast(copy, sa.String(8)))
    if column.name in ("date_obs_utc", "time_utc"):
        return _later(column, copy * _STEP_DAYS, dialect)
    return column


def _later(
    column: sa.Column[Any], days: sa.ColumnElement[int], dialect: str
) -> sa.ColumnElement[Any]:
    if dialect == "sqlite":
        shifted = sa.func.strftime(
            "%Y-%m-%d %H:%M:%f", column, sa.cast(days, sa.String(8)).concat(" days")
        )
        return sa.case((column.is_not(None), shifted.concat("000")))
    return sa.func.timestampadd(sa.text("DAY"), days, column)
