"""Values by wavelength layer, of a PSF parameter or a source, with their summaries and metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import AomuseError
from aomuse.exchange.stored_in import StoredIn
from aomuse.legacy.imported_documents import drop_difference
from aomuse.metrics.field_rows import renew_field
from aomuse.metrics.rows import renew_metrics
from aomuse.models import (
    Base,
    Header,
    PsfFit,
    PsfLayer,
    PsfParameter,
    Source,
    TableColumn,
)
from aomuse.normalize.homes import SAMPLE_COLUMNS
from aomuse.normalize.summary import window_frames
from aomuse.stored.layouts import LayoutColumn, layout_columns
from aomuse.stored.rows import read_rows
from aomuse.stored.special import Floats, SpecialValues
from aomuse.stored.update import replace_rows, write_values
from aomuse.suggest import unknown

Values = Sequence[float | None] | Floats | float | None


def set_parameter(
    connection: Connection, psf_fit_id: int, name: str, values: Values, layer: int | None = None
) -> None:
    """Change a PSF parameter, its summaries, and the metrics of the exposure."""
    fit = _fit(connection, psf_fit_id)
    key = {"psf_fit_id": psf_fit_id, "parameter": name}
    of_fit = PsfParameter.psf_fit_id == psf_fit_id
    known = connection.scalars(sa.select(PsfParameter.parameter).where(of_fit).distinct()).all()
    if name not in known:
        raise AomuseError(unknown("the analysis has no PSF parameter", name, known))
    table = connection.scalar(
        sa.select(Header.id)
        .where(Header.source_file_id == fit.prm_file_id, Header.called("PSFPARS"))
        .order_by(Header.hdu_index)
    )
    column = _column(connection, table, "psf_parameter", "value")
    _replace(connection, fit, key, "psf_parameter", "value", column, values, layer)
    drop_difference(connection, fit.exposure_id, "psfParams", (name,), psf_fit_id)
    renew_metrics(connection, fit.exposure_id)


def set_source(
    connection: Connection,
    psf_fit_id: int,
    pampelmuse_id: int,
    quantity: str,
    values: Values,
    layer: int | None = None,
) -> None:
    """Change a quantity of a source, and its summaries; no metric is made from it."""
    fit = _fit(connection, psf_fit_id)
    if quantity not in SAMPLE_COLUMNS:
        raise AomuseError(unknown("a source has no", quantity, SAMPLE_COLUMNS))
    of_fit = Source.psf_fit_id == psf_fit_id
    source = connection.execute(
        sa.select(Source.header_id).where(of_fit, Source.pampelmuse_id == pampelmuse_id)
    ).first()
    if source is None:
        known = connection.scalars(sa.select(Source.pampelmuse_id).where(of_fit))
        hint = "fit.sources has them all"
        names = (f"PM_{number}" for number in known)
        raise AomuseError(unknown("the analysis has no source", f"PM_{pampelmuse_id}", names, hint))
    column = _column(connection, source.header_id, "source_sample", quantity)
    if column is None:
        raise AomuseError(f"the table of PM_{pampelmuse_id} has no column {quantity}")
    key = {"psf_fit_id": psf_fit_id, "pampelmuse_id": pampelmuse_id}
    _replace(connection, fit, key, "source_sample", quantity, column, values, layer)
    path = (f"PM_{pampelmuse_id}", column.format.name)
    drop_difference(connection, fit.exposure_id, "sources", path, psf_fit_id)
    renew_field(connection, fit.exposure_id)


def _fit(connection: Connection, psf_fit_id: int) -> Any:
    select = sa.select(PsfFit.id, PsfFit.exposure_id, PsfFit.prm_file_id)
    return connection.execute(select.where(PsfFit.id == psf_fit_id)).one()


def _column(
    connection: Connection, header_id: int | None, table: str, column: str
) -> LayoutColumn | None:
    """Return the column of a file's table whose values live in a table of the database."""
    layout = sa.select(Header.table_layout_id).where(Header.id == header_id).scalar_subquery()
    home = TableColumn.stored_in == str(StoredIn(table, column))
    columns = layout_columns(connection, TableColumn.table_layout_id == layout, home)
    return columns[0] if columns else None


def _replace(
    connection: Connection,
    fit: Any,
    key: dict[str, Any],
    table_name: str,
    column_name: str,
    column: LayoutColumn | None,
    values: Values,
    layer: int | None,
) -> None:
    """Write values, and recompute the summaries of all layers."""
    table = Base.metadata.tables[table_name]
    special = SpecialValues(connection, [fit.exposure_id])
    own = [table.c[name] == value for name, value in key.items()]
    stored = read_rows(connection, special, table_name, [column_name], *own)
    frame, before = pd.DataFrame(stored), stored[column_name]
    after = _after(before, stored["layer"].tolist(), values, layer)
    _refuse_fractions(after, column)
    same = (before == after) & (np.signbit(before) == np.signbit(after))
    changed = ~(same | (np.isnan(before) & np.isnan(after)))
    write_values(
        connection, fit.exposure_id, table_name, frame[changed], column_name, after[changed]
    )
    if table_name == "source_sample":
        summary, owner = "source_summary", key | {"quantity": column_name}
    else:
        summary, owner = "psf_parameter_summary", key
    layers = read_rows(
        connection, special, "psf_layer", ["wavelength_nm"], PsfLayer.psf_fit_id == fit.id
    )
    by_layer = pd.Series(layers["wavelength_nm"], layers["layer"])
    known: Any = by_layer.reindex(stored["layer"]).to_numpy()
    windows = window_frames(pd.DataFrame(owner, index=[0]), after[None, :], known)
    replace_rows(connection, fit.exposure_id, summary, owner, windows)


def _after(before: Floats, layers: list[int], values: Values, layer: int | None) -> Floats:
    if layer is None:
        if (
            values is None
            or isinstance(values, str | int | float)
            or not hasattr(values, "__len__")
        ):
            raise AomuseError("give a number for each layer, or layer= with the one that changes")
        if len(values) != len(layers):
            raise AomuseError(f"there are {len(layers)} layers, and {len(values)} values")
        return np.array([_number(value) for value in values], dtype=np.float64)
    if layer not in layers:
        raise AomuseError(f"there is no layer {layer}: they are {layers[0]} to {layers[-1]}")
    after = before.copy()
    after[layers.index(layer)] = _number(values)
    return after


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise AomuseError(f"{value!r} is no number")
    try:
        return float(value)
    except (OverflowError, TypeError):
        raise AomuseError(f"{value!r} is no number that a double holds") from None


def _refuse_fractions(values: Floats, column: LayoutColumn | None) -> None:
    """Refuse what would come back as another number from a column of integers."""
    if column is None or column.shape.kind != "int":
        return
    wrong = [value for value in values.tolist() if not float(value).is_integer()]
    if wrong:
        raise AomuseError(
            f"the column {column.format.name} holds whole numbers, and not {wrong[0]!r}"
        )
