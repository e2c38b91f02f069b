"""Values by layer, of which only numbers are read: their count says which layers they are of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import PsfParameter
from aomuse.stored.packed import joined_doubles
from aomuse.stored.rows import fetch, read_rows
from aomuse.stored.special import SpecialValues, Values

#: Analysis and parameter.
Owner = tuple[int, str]
#: The layers of each parameter, in the order of the key; None where some are missing in between.
Extents = Mapping[Owner, range | None]

_KEY = (PsfParameter.psf_fit_id, PsfParameter.parameter, PsfParameter.layer)


def read_extents(connection: Connection, fits: Sequence[int]) -> dict[Owner, range | None]:
    """Return which layers the parameters of analyses have."""
    fit, name, layer = _KEY
    select = sa.select(fit, name, sa.func.count(), sa.func.min(layer), sa.func.max(layer))
    select = select.where(fit.in_(fits)).group_by(fit, name).order_by(fit, name)
    return {
        (number, parameter): range(first, last + 1) if last - first + 1 == count else None
        for number, parameter, count, first, last in connection.execute(select)
    }


def read_by_layer(
    connection: Connection,
    special: SpecialValues,
    extents: Extents,
    limits: tuple[int, int],
) -> Iterator[tuple[Owner, Values, Values]]:
    """Yield the layers of each parameter between two, both included, and the values there."""
    first, last = limits
    inside = {
        owner: range(max(layers.start, first), min(layers.stop, last + 1))
        for owner, layers in extents.items()
        if layers is not None
    }
    if len(inside) < len(extents) or not _comes_by_key(connection):
        for fit, name in extents:
            fixed = {"psf_fit_id": fit, "parameter": name}
            between = PsfParameter.layer.between(first, last)
            found = read_rows(connection, special, "psf_parameter", ["value"], between, fixed=fixed)
            yield (fit, name), found["layer"], found["value"]
        return
    values = _values(connection, inside, limits)
    start = 0
    for (fit, name), layers in inside.items():
        rows = {"layer": np.arange(layers.start, max(layers.start, layers.stop))}
        rows["value"] = values[start : start + len(layers)]
        start += len(layers)
        fixed = {"psf_fit_id": fit, "parameter": name}
        restored = special.restored("psf_parameter", rows, fixed)
        yield (fit, name), restored["layer"], restored["value"]


def _comes_by_key(connection: Connection) -> bool:
    """Tell whether rows come in the order of the key, or can be asked to."""
    has_sqlite = connection.dialect.name == "sqlite"
    return not has_sqlite or not sa.inspect(connection).get_indexes("psf_parameter")


def _values(connection: Connection, owners: Collection[Owner], limits: tuple[int, int]) -> Values:
    """Return the values of parameters between two layers, in the order of the key."""
    fit, name, layer = _KEY
    fits, names = ({owner[part] for owner in owners} for part in (0, 1))
    where = (fit.in_(fits), name.in_(names), layer.between(*limits))
    if connection.dialect.name == "sqlite":
        return joined_doubles(connection, PsfParameter.value, _KEY, *where)
    return fetch(connection, sa.select(PsfParameter.value).where(*where).order_by(*_KEY))["value"]
