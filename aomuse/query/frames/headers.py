"""The frame of header keywords: a column for each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import aliased

from aomuse.errors import AomuseError
from aomuse.models import Header, HeaderCard, Keyword, SourceFile
from aomuse.muse.keywords import PROMOTED, plain_keyword
from aomuse.query.frames.columns import FrameColumn, Kind, astropy_unit, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.reading import batches, reading
from aomuse.stored.cards import Card, read_cards
from aomuse.stored.special import SpecialValues
from aomuse.suggest import unknown

#: Whose header counts where several files of an exposure have the keyword.
ROLES = ("reduced", "raw", "prm", "psf")

_UNIT = re.compile(r"^\[([^\]]+)\]")
_KINDS: dict[str, Kind] = {
    "int": "int",
    "float": "float",
    "bool": "flag",
    "str": "text",
    "commentary": "text",
    "unparsed": "text",
    "complex": "complex",
}


@dataclass
class _Wanted:
    """A keyword: its name, its ids with their comments, and the types of its values."""

    keyword: str
    comments: dict[int, str] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)

    def kind(self) -> Kind:
        kinds = {_KINDS[t] for t in self.types if t != "undefined"}
        if len(kinds) == 1:
            return next(iter(kinds))
        if not kinds:
            return "text"
        return "float" if kinds == {"int", "float"} else "object"


def read_header(
    engine: Engine,
    keywords: Sequence[str],
    extension: str,
    file: str | None,
    filters: Filters,
) -> Iterator[pd.DataFrame]:
    """Yield values of header cards, exposures sorted by time."""
    if not keywords:
        raise AomuseError("no keyword is named: db.header('ESO INS MODE', 'EXPTIME')")
    if file is not None and file not in ROLES:
        raise AomuseError(unknown("no file is a", file, ROLES))
    with reading(engine) as connection:
        ids = exposure_ids(connection, filters)
        wanted = {name: _find(connection, name) for name in keywords}
        _check_extension(connection, extension)
        place = _place(extension, file)
        for name, found in wanted.items():
            found.types = _types(connection, found.comments, place)
            if not found.types:
                where = f"{extension} of the {file} files" if file else extension
                raise AomuseError(f"no header {where} has the keyword {name!r}")
        columns = [
            FrameColumn("exposure_id", "count"),
            *(FrameColumn(n, w.kind(), _unit(n, w.comments.values())) for n, w in wanted.items()),
        ]
        for part in batches(ids):
            cells = _cells(connection, part, wanted, place)
            yield make_frame(columns, [list(part), *cells])


def _find(connection: Connection, name: str) -> _Wanted:
    """Return the ids of a keyword; ESO's manuals write points between its words."""
    for spelled in dict.fromkeys((plain_keyword(name), plain_keyword(name.replace(".", " ")))):
        rows = connection.execute(
            sa.select(Keyword.id, Keyword.comment).where(Keyword.name == spelled)
        )
        comments = {row.id: row.comment for row in rows}
        if comments:
            return _Wanted(spelled, comments)
    known = connection.scalars(sa.select(Keyword.name).distinct())
    hint = "the view v_header has all keywords"
    raise AomuseError(unknown("no header has the keyword", name, known, hint))


def _check_extension(connection: Connection, extension: str) -> None:
    found = sa.select(Header.id).where(Header.called(extension)).limit(1)
    if connection.scalar(found) is None:
        known = connection.scalars(sa.select(Header.extension_name).distinct())
        names = {name for name in known if not name.startswith("PM_")}
        hint = "the table header has all extensions"
        raise AomuseError(unknown("no file has an extension", extension, names, hint))


def _place(extension: str, file: str | None) -> list[sa.ColumnElement[bool]]:
    conditions = [Header.called(extension)]
    if file is not None:
        # A subquery, since in a join MariaDB would begin with all files.
        own = aliased(SourceFile)
        role = sa.select(own.role).where(own.id == Header.source_file_id)
        conditions.append(role.correlate(Header).scalar_subquery() == file)
    return conditions


def _types(
    connection: Connection, ids: Collection[int], place: list[sa.ColumnElement[bool]]
) -> set[str]:
    select = (
        sa.select(HeaderCard.value_type)
        .join(Header, Header.id == HeaderCard.header_id)
        .where(HeaderCard.keyword_id.in_(ids), *place)
        .distinct()
    )
    return set(connection.scalars(select))


def _cells(
    connection: Connection,
    ids: Sequence[int],
    wanted: dict[str, _Wanted],
    place: list[sa.ColumnElement[bool]],
) -> list[list[Any]]:
    """Return the values of each keyword, in the order of the exposures."""
    headers = _headers(connection, ids, place)
    special = SpecialValues(connection, ids, "header_card")
    return [_values(connection, special, ids, headers, w.comments) for w in wanted.values()]


def _headers(
    connection: Connection, ids: Sequence[int], place: list[sa.ColumnElement[bool]]
) -> dict[int, list[int]]:
    """Return the headers of each exposure, the one that counts most first."""
    of_extension, *of_file = place
    # An index has the names, so that the rows of other headers are not read.
    named = sa.select(Header.id).where(Header.exposure_id.in_(ids), of_extension).subquery()
    rows = connection.execute(
        sa.select(Header.exposure_id, SourceFile.role, SourceFile.id, Header.id)
        .join(named, named.c.id == Header.id)
        .join(SourceFile, SourceFile.id == Header.source_file_id)
        .where(*of_file)
    ).all()
    headers: dict[int, list[int]] = defaultdict(list)
    for exposure_id, _, _, header_id in sorted(rows, key=lambda row: (_rank(row[1]), *row[2:])):
        headers[exposure_id].append(header_id)
    return headers


def _values(
    connection: Connection,
    special: SpecialValues,
    ids: Sequence[int],
    headers: dict[int, list[int]],
    keywords: Collection[int],
) -> list[Any]:
    """Return the values of a keyword: of each exposure that of its first header that has it."""
    found: dict[int, dict[int, list[Card]]] = defaultdict(lambda: defaultdict(list))
    # Most have it in the first header, so that the others need not be looked up.
    for some in (slice(1), slice(1, None)):
        owner = {header: n for n, own in headers.items() if n not in found for header in own[some]}
        for part in batches(sorted(owner)):
            of_part = (HeaderCard.header_id.in_(part), HeaderCard.keyword_id.in_(keywords))
            for card in read_cards(connection, special, *of_part):
                found[owner[card.header_id]][card.header_id].append(card)
    first = {n: min(cards, key=headers[n].index) for n, cards in found.items()}
    return [_value(found[n][first[n]]) if n in first else None for n in ids]


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES)


def _value(cards: list[Card]) -> Any:
    """Return the value of the first card of a header, or all lines of HISTORY or COMMENT."""
    if cards[0].value_type == "commentary":
        return "\n".join(card.value for card in cards)
    return cards[0].value


def _unit(name: str, comments: Collection[str]) -> str:
    """Return the unit: as aomuse declares it, else as all comments begin with it."""
    plain = plain_keyword(name)
    declared = {p.keyword: p.unit for p in PROMOTED}
    if plain in declared:
        return astropy_unit(declared[plain])
    told = {match[1] if (match := _UNIT.match(comment)) else "" for comment in comments}
    return told.pop() if len(told) == 1 else ""
