"""Wide views that depend on the data loaded: one for each extension in the column store."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, select
from sqlalchemy.dialects import mysql, sqlite

from aomuse.exchange.stored_in import COLUMN_STORE
from aomuse.models import PsfParameter, TableColumn, TableLayout
from aomuse.query.views import MOFFAT_PARAMETERS, View, ViewColumn, columns, psf_view, static_views
from aomuse.stored.layouts import LayoutColumn, layout_columns

#: Extensions that always have a view, loaded or not, with the table that has their times.
TIMED_EXTENSIONS = {"SGS_DATA": "sgs", "AG_DATA": "ag"}

#: Longest vector that a view spreads over columns; longer ones are only in table_value.
MAX_ELEMENTS = 32

#: Most columns of a view: SQLite takes 2,000, and a person fewer.
MAX_COLUMNS = 500

#: MariaDB joins at most 61 tables; v_psf joins one for each parameter.
MAX_PARAMETERS = 50

#: Words that either engine reserves.
_RESERVED = {
    word.lower()
    for dialect in (mysql.dialect(), mysql.dialect(is_mariadb=True), sqlite.dialect())
    for word in dialect.identifier_preparer.reserved_words
} | {"rowid", "offset", "window", "rows", "system", "rank", "nothing"}


def wide_views(connection: Connection) -> list[View]:
    """Return the views that show what the database holds now."""
    # In this order, since a loader can commit a layout between two questions: what has a name has
    # its columns, and what has a column its layout. The loader makes the views again afterwards.
    names = extension_views(connection)
    stored = layout_columns(connection, TableColumn.stored_in == COLUMN_STORE)
    layouts = select(TableLayout.id, TableLayout.extension_name)
    extension_of = dict(connection.execute(layouts).all())
    columns_of: dict[str, list[LayoutColumn]] = defaultdict(list)
    for column in stored:
        columns_of[extension_of[column.layout_id]].append(column)
    return [
        _psf(connection),
        *(_extension_view(name, e, columns_of[e]) for e, name in names.items()),
    ]


def extension_views(connection: Connection) -> dict[str, str]:
    """Return the name of the view of each extension, at every revision of the schema."""
    select_names = (
        select(TableLayout.extension_name)
        .join(TableColumn, TableColumn.table_layout_id == TableLayout.id)
        .where(TableColumn.stored_in == COLUMN_STORE)
        .order_by(TableLayout.id)
    )
    extensions = list(dict.fromkeys([*TIMED_EXTENSIONS, *connection.scalars(select_names)]))
    taken = [*(view.name for view in static_views(connection.dialect.name)), "v_psf"]
    names = _unique((f"v_{identifier(extension)}" for extension in extensions), taken)
    return dict(zip(extensions, names, strict=True))


def empty_wide_views() -> list[View]:
    """Return the wide views of an empty database, for offline SQL."""
    return [
        psf_view([(name, f"'{name}'") for name in MOFFAT_PARAMETERS]),
        *(_extension_view(f"v_{identifier(e)}", e, []) for e in TIMED_EXTENSIONS),
    ]


def identifier(name: str) -> str:
    """Return ``name`` as a plain SQL identifier.

    Examples
    --------
    >>> identifier("LGS1 R0 [m]"), identifier("ORDER")
    ('lgs1_r0_m', 'order_')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:48] or "unnamed"
    if plain in _RESERVED:
        return f"{plain}_"
    return f"c_{plain}" if plain[0].isdigit() else plain


def _unique(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the names, repeated ones with a number at the end."""
    seen = set(taken)
    result = []
    for name in names:
        candidate, number = name, 1
        while candidate in seen:
            number += 1
            candidate = f"{name}_{number}"
        seen.add(candidate)
        result.append(candidate)
    return result


def _psf(connection: Connection) -> View:
    found = connection.scalars(select(PsfParameter.parameter).distinct())
    # MariaDB reads a backslash in a literal as an escape, SQLite does not, and neither takes a
    # control character: parameters with such names are for queries on psf_parameter.
    plain = {name for name in found if name.isprintable() and "\\" not in name}
    others = sorted(plain - set(MOFFAT_PARAMETERS))
    parameters = [*MOFFAT_PARAMETERS, *others][:MAX_PARAMETERS]
    columns = _unique(
        (identifier(p) for p in parameters), taken=("layer", "wavelength_nm", "fwhm_arcsec")
    )
    return psf_view([(c, _literal(p)) for c, p in zip(columns, parameters, strict=True)])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _value(columns: Iterable[LayoutColumn]) -> str:
    """Return the expression for values of columns."""
    kinds = {"str" if c.shape.variable else c.shape.kind for c in columns}
    if kinds <= {"float", "complex"}:
        return "v.value_float"
    if kinds <= {"bool", "int"}:
        return "v.value_int"
    if "str" not in kinds:
        return "COALESCE(v.value_float, v.value_int * 1e0)"
    return "COALESCE(v.value_text, CAST(v.value_int AS CHAR), CAST(v.value_float AS CHAR))"


def _extension_view(name: str, extension: str, stored: list[LayoutColumn]) -> View:
    by_name: dict[str, list[LayoutColumn]] = defaultdict(list)
    for column in stored:
        by_name[column.format.name].append(column)
    cells = []
    for column_name, same in by_name.items():
        width = min(c.shape.elements for c in same)
        if width > MAX_ELEMENTS:
            continue
        ids = ", ".join(str(c.id) for c in same)
        value = _value(same)
        unit = next((f", {c.format.unit}" for c in same if c.format.unit), "")
        for element in range(width):
            label = column_name if width == 1 else f"{column_name}_{element}"
            condition = f"v.table_column_id IN ({ids}) AND v.element = {element}"
            expression = f"MAX(CASE WHEN {condition} THEN {value} END)"
            cells.append((identifier(label), expression, f"{label}{unit}"))
    table = TIMED_EXTENSIONS.get(extension)
    fixed = columns("""
        exposure_id | h.exposure_id | Number of the exposure (exposure.id)
        header_id | h.id | HDU of the table (header.id)
        extension_name | h.extension_name | EXTNAME of the table
    """)
    if table:
        fixed += columns("""
            row_index | x.row_index | Row of the table in the file, from 0
            time_utc | x.time_utc | Time of the sample, UTC
        """)
        source = (
            f"{table} x\nJOIN header h ON h.id = x.header_id\n"
            "LEFT JOIN table_value v ON v.header_id = x.header_id AND v.row_index = x.row_index\n"
            "GROUP BY h.exposure_id, h.id, h.extension_name, x.row_index, x.time_utc"
        )
    else:
        fixed += (ViewColumn("row_index", "v.row_index", "Row of the table, from 0"),)
        layouts = ", ".join(str(i) for i in sorted({c.layout_id for c in stored}))
        source = (
            f"header h\nJOIN table_value v ON v.header_id = h.id\n"
            f"WHERE h.table_layout_id IN ({layouts})\n"
            "GROUP BY h.exposure_id, h.id, h.extension_name, v.row_index"
        )
    cells = cells[:MAX_COLUMNS]
    names = _unique((c[0] for c in cells), taken=[c.name for c in fixed])
    values = (ViewColumn(column, *cell[1:]) for column, cell in zip(names, cells, strict=True))
    return View(
        name,
        f"One row of {extension}, a column for each column in the column store",
        (*fixed, *values),
        source,
    )
