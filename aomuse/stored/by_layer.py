"""Layers and PSF parameters by layer: the names once, and the values as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.models import PsfFit, PsfLayer, PsfParameter
from aomuse.stored.placed import place_doubles
from aomuse.stored.rows import read_groups, read_rows, select_rows
from aomuse.stored.special import SpecialValues, Values

#: Analysis and parameter.
Owner = tuple[int, str]
#: The first and the last layer of analyses.
Limits = Mapping[int, tuple[int, int]]


def read_layers(
    connection: Connection, special: SpecialValues, fits: Mapping[int, int]
) -> dict[str, Values]:
    """Return the layers of analyses in the order of the key, given how many each should have."""
    fit, layer = PsfLayer.psf_fit_id, PsfLayer.layer
    if connection.dialect.name == "sqlite" and fits:
        ends = (sa.func.min(layer), sa.func.max(layer))
        own = (sa.select(end).where(fit == PsfFit.id).scalar_subquery() for end in ends)
        select = sa.select(PsfFit.id, *own).where(PsfFit.id.in_(fits)).order_by(PsfFit.id)
        found = connection.execute(select)
        limits = {number: (first, last) for number, first, last in found if last is not None}
        if limits and all(last - first < 2 * fits[n] for n, (first, last) in limits.items()):
            owners = [(number,) for number in limits]
            placed = place_doubles(
                connection, PsfLayer.wavelength_nm, owners, list(limits.values())
            )
            there, values = zip(*placed, strict=True)
            firsts = [first + own for (first, _), own in zip(limits.values(), there, strict=True)]
            rows = {
                "psf_fit_id": np.repeat(list(limits), list(map(len, there))),
                "layer": np.concatenate(firsts),
                "wavelength_nm": np.concatenate(values),
            }
            return special.restored("psf_layer", rows)
    return read_rows(connection, special, "psf_layer", ["wavelength_nm"], fit.in_(fits))


def read_owners(connection: Connection, fits: Sequence[int]) -> list[Owner]:
    """Return which parameters analyses have."""
    fit, name = PsfParameter.psf_fit_id, PsfParameter.parameter
    select = sa.select(fit, name).where(fit.in_(fits)).distinct()
    if connection.dialect.name == "sqlite":
        # It would read all rows for that; so it goes from one name to the next.
        least = sa.select(sa.func.min(name))
        of_fit = least.where(fit == PsfFit.id).scalar_subquery()
        first = sa.select(PsfFit.id.label("fit"), of_fit.label("name")).where(PsfFit.id.in_(fits))
        owner = first.cte("owner", recursive=True)
        later = least.where(fit == owner.c.fit, name > owner.c.name).scalar_subquery()
        owner = owner.union_all(sa.select(owner.c.fit, later).where(owner.c.name.is_not(None)))
        select = sa.select(owner.c.fit, owner.c.name).where(owner.c.name.is_not(None))
    return [(number, parameter) for number, parameter in connection.execute(select)]


def read_by_layer(
    connection: Connection,
    special: SpecialValues,
    owners: Sequence[Owner],
    layers: Mapping[int, Values],
) -> Iterator[tuple[Owner, Values, Values]]:
    """Yield the parameters of analyses: the layers that each has of those asked for, and values.

    ``layers`` are those of each analysis, sorted; some that lie between them can come too.
    """
    asked = {fit: (int(own[0]), int(own[-1])) for fit, own in layers.items() if len(own)}
    having = [owner for owner in owners if owner[0] in asked]
    if not having:
        return
    # An array has a place for each number between the first layer and the last.
    is_dense = all(last - first < 2 * len(layers[fit]) for fit, (first, last) in asked.items())
    read = _placed if connection.dialect.name == "sqlite" and is_dense else _grouped
    for (fit, name), rows in read(connection, having, asked):
        fixed = {"psf_fit_id": fit, "parameter": name}
        restored = special.restored("psf_parameter", rows, fixed)
        yield (fit, name), restored["layer"], restored["value"]


def _placed(
    connection: Connection, owners: Sequence[Owner], limits: Limits
) -> Iterator[tuple[Owner, dict[str, Values]]]:
    """Yield layers and values of each parameter, of SQLite."""
    own = [limits[fit] for fit, _ in owners]
    found = place_doubles(connection, PsfParameter.value, owners, own)
    for owner, (first, _), (there, values) in zip(owners, own, found, strict=True):
        yield owner, {"layer": there + first, "value": values}


def _grouped(
    connection: Connection, owners: Sequence[Owner], limits: Limits
) -> Iterator[tuple[Owner, dict[str, Values]]]:
    """Yield layers and values of each parameter, as the database groups them."""
    firsts, lasts = zip(*limits.values(), strict=True)
    select = select_rows("psf_parameter", ["value"]).where(
        PsfParameter.psf_fit_id.in_(limits),
        PsfParameter.parameter.in_({name for _, name in owners}),
        PsfParameter.layer.between(min(firsts), max(lasts)),
    )
    yield from read_groups(connection, select)
