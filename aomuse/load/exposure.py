"""The rows of one exposure."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.db import inserted_id
from aomuse.exchange.frames import NormalizedExposure
from aomuse.load.dictionaries import Dictionaries
from aomuse.load.references import References
from aomuse.load.two_phase import ShardedWriter
from aomuse.models import Base, Exposure, Header, PsfFit
from aomuse.stored.special import SpecialRow, special_columns, split_special
from aomuse.stored.writer import BulkWriter

#: Tables whose rows stay when an exposure is replaced.
_KEPT = ("exposure", "load_issue")

#: The column store, and how many of its rows are kept for one statement.
_VALUES, _ENOUGH_VALUES = "table_value", 50_000


def store_exposure(
    connection: Connection,
    writer: BulkWriter,
    dictionaries: Dictionaries,
    exposure: NormalizedExposure,
    run_id: int,
    known: tuple[int, ...] = (),
) -> References:
    """Write an exposure's rows in place of those it has, within the caller's transaction."""
    kept = _kept_fits(connection, known, exposure)
    for exposure_id in known:
        _delete_rows(connection, writer, exposure_id)
    if len(known) > 1:
        connection.execute(sa.delete(Exposure).where(Exposure.id.in_(known[1:])))
    exposure_id, specials = _write_exposure(
        connection, dictionaries, exposure, known[0] if known else None
    )
    references = References(exposure_id, run_id, dictionaries, exposure.layouts)
    references.row_count = 1

    def write(table: str, columns: dict[str, Any]) -> None:
        rows, special = split_special(table, columns, _key(table))
        references.row_count += writer.write(table, rows)
        specials.extend(special)

    values: list[dict[str, Any]] = []
    for table, rows in exposure.frames:
        resolved = references.resolve(table, rows)
        if table == _VALUES:
            # Those of many tables go with one statement: nothing refers to them.
            values.append(resolved)
            if sum(len(each["row_index"]) for each in values) > _ENOUGH_VALUES:
                write(_VALUES, _joined(values))
                values = []
            continue
        if table == "psf_fit" and (number := int(rows["fit"][0])) in kept:
            resolved["id"] = np.array([kept[number]])
        write(table, resolved)
        references.learn(connection, table, rows, resolved)
    if values:
        write(_VALUES, _joined(values))
    if specials:
        found = special_columns(exposure_id, specials)
        references.row_count += writer.write("special_value", found)
    return references


@cache
def _key(table: str) -> list[str]:
    return [column.name for column in Base.metadata.tables[table].primary_key]


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the rows of several tables of the column store as one."""
    if len(parts) == 1:
        return parts[0]
    return {name: _concatenated([part[name] for part in parts]) for name in parts[0]}


def _concatenated(arrays: list[Any]) -> Any:
    if all(isinstance(array, np.ndarray) for array in arrays):
        return np.concatenate(arrays)
    return pd.concat([pd.Series(array, copy=False) for array in arrays]).array


def _kept_fits(
    connection: Connection, known: tuple[int, ...], exposure: NormalizedExposure
) -> dict[int, int]:
    """Return the ids that analyses keep, by local number: same cube and model, else same cube."""
    if not known:
        return {}
    rows = connection.execute(
        sa.select(PsfFit.name, PsfFit.model, PsfFit.id)
        .where(PsfFit.exposure_id.in_(known))
        .order_by(PsfFit.id)
    )
    left = {(row.name, row.model): row.id for row in rows}
    new = {
        int(fit): (name, model)
        for frame in exposure.of("psf_fit")
        for fit, name, model in zip(frame["fit"], frame["name"], frame["model"], strict=True)
    }
    ids = {number: left.pop(key) for number, key in new.items() if key in left}
    for number, (name, _) in new.items():
        same = [key for key in left if key[0] == name]
        others = [n for n, key in new.items() if key[0] == name and n not in ids]
        if number not in ids and len(same) == len(others) == 1:
            ids[number] = left.pop(same[0])
    return ids


def prepare_dictionaries(dictionaries: Dictionaries, exposure: NormalizedExposure) -> None:
    """Bring all shared rows that an exposure needs into the database, before its transaction."""
    if exposure.target is not None:
        dictionaries.target(exposure.target)
    for table, rows in exposure.frames:
        if table == "header_card":
            dictionaries.keywords(zip(rows["keyword"], rows["comment"], strict=True))
    dictionaries.layouts(exposure.layouts.values())


def _delete_rows(connection: Connection, writer: BulkWriter, exposure_id: int) -> None:
    """Delete all rows that belong to an exposure, but neither itself nor its issues."""
    ids = {
        name: connection.scalars(sa.select(model.id).where(model.exposure_id == exposure_id)).all()
        for name, model in (("psf_fit_id", PsfFit), ("header_id", Header))
    }
    for table in reversed(Base.metadata.sorted_tables):
        if table.name in _KEPT:
            continue
        if "exposure_id" in table.columns:
            connection.execute(sa.delete(table).where(table.c.exposure_id == exposure_id))
            continue
        for name, values in ids.items():
            if name in table.columns and values:
                if isinstance(writer, ShardedWriter) and writer.delete_from(table.name, values):
                    break
                connection.execute(sa.delete(table).where(table.c[name].in_(values)))
                break


def _write_exposure(
    connection: Connection,
    dictionaries: Dictionaries,
    exposure: NormalizedExposure,
    exposure_id: int | None,
) -> tuple[int, list[SpecialRow]]:
    """Insert or update the exposure's own row; return its id and its special values."""
    target_id = dictionaries.target(exposure.target) if exposure.target is not None else None
    if exposure_id is None:
        new = sa.insert(Exposure).values(archive_id=exposure.archive_id, content_version=0)
        exposure_id = inserted_id(connection, new)
    floats = {
        name: np.array([value])
        for name, value in exposure.exposure.items()
        if isinstance(value, float)
    }
    clean, special = split_special("exposure", floats | {"id": np.array([exposure_id])}, ["id"])
    values = exposure.exposure | {
        name: None if np.isnan(clean[name][0]) else float(clean[name][0]) for name in floats
    }
    connection.execute(
        sa.update(Exposure)
        .where(Exposure.id == exposure_id)
        .values(target_id=target_id, content_version=Exposure.content_version + 1, **values)
    )
    return exposure_id, special
