"""A header value, and the column of the exposure that stands for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from aomuse.db import inserted_id
from aomuse.errors import AomuseError
from aomuse.exchange.cards import typed_value
from aomuse.legacy.imported_documents import drop_difference
from aomuse.metrics.rows import renew_metrics
from aomuse.models import Base, Exposure, Header, HeaderCard, Keyword, SourceFile
from aomuse.muse.keywords import MODE_KEYWORD, PROMOTED, START_KEYWORD, plain_keyword
from aomuse.normalize.exposure_row import mode_of, promoted_value, start_of
from aomuse.stored.update import write_values
from aomuse.suggest import unknown

_COMMENTARY = ("COMMENT", "HISTORY", "")
_MAX_KEYWORD = 80
_KINDS = {"float": "a number", "int": "a whole number", "flag": "True or False", "text": "a text"}
_CARD: Table = Base.metadata.tables["header_card"]


def set_header(
    connection: Connection,
    exposure_id: int,
    keyword: str,
    value: Any,
    *,
    extension: str = "PRIMARY",
    file: str | None = None,
    new: bool = False,
) -> None:
    """Change the value of a card, the exposure's column for it, and the metrics made from it."""
    if isinstance(value, np.generic):
        value = value.item()
    header = _header(connection, exposure_id, extension, file)
    name, position = _card(connection, header.id, keyword, extension, new=new)
    column, fitting = _column(name, value) if header.speaks else (None, None)
    kind, integer, number, text = typed_value(value)
    key = (_CARD.c.header_id == header.id, _CARD.c.position == position)
    connection.execute(
        sa.update(_CARD)
        .where(*key)
        .values(value_type=kind, value_int=integer, value_float=None, value_text=text)
    )
    place = pd.DataFrame({"header_id": [header.id], "position": [position]})
    write_values(connection, exposure_id, "header_card", place, "value_float", np.array([number]))
    if header.role == ("reduced" if extension == "PRIMARY" else "raw"):
        drop_difference(connection, exposure_id, "data", (extension, name))
    if column is None:
        return
    if Exposure.__table__.c[column].type.python_type is float:
        number = np.nan if fitting is None else fitting
        of_exposure = pd.DataFrame({"id": [exposure_id]})
        write_values(connection, exposure_id, "exposure", of_exposure, column, np.array([number]))
    else:
        this = sa.update(Exposure).where(Exposure.id == exposure_id)
        connection.execute(this.values({column: fitting}))
    renew_metrics(connection, exposure_id)


def _header(connection: Connection, exposure_id: int, extension: str, file: str | None) -> Any:
    """Return id of a header, and whether the exposure's columns are made from it."""
    loaded = (SourceFile.exposure_id == exposure_id, SourceFile.outcome != "failed")
    roles = dict(
        connection.execute(
            sa.select(SourceFile.role, sa.func.min(SourceFile.id))
            .where(*loaded)
            .group_by(SourceFile.role)
        ).all()
    )
    speaker = roles.get("reduced", roles.get("raw"))
    found = connection.execute(
        sa.select(
            Header.id,
            Header.extension_name,
            SourceFile.role,
            sa.and_(Header.hdu_index == 0, SourceFile.id == speaker).label("speaks"),
        )
        .join(SourceFile, SourceFile.id == Header.source_file_id)
        .where(*loaded)
        .order_by(SourceFile.id, Header.hdu_index)
    ).all()
    order = ("reduced", "raw") if file is None else (file,)
    wanted = [header for role in order for header in found if header.role == role]
    for header in wanted:
        if header.extension_name.strip().upper() == extension.strip().upper():
            return header
    where = f"{file} file" if file else "cube or raw file"
    names = {header.extension_name for header in wanted}
    if not names:
        raise AomuseError(
            f"the exposure has no {where}, and so no header: load its files, or give it documents "
            "with db.add_exposure"
        )
    raise AomuseError(unknown(f"no {where} of the exposure has an extension", extension, names))


def _card(
    connection: Connection, header_id: int, keyword: str, extension: str, *, new: bool
) -> tuple[str, int]:
    """Return name and position of a card, which is added where that is wanted."""
    names = list(dict.fromkeys((plain_keyword(keyword), plain_keyword(keyword.replace(".", " ")))))
    if names[0] in _COMMENTARY:
        raise AomuseError(f"{names[0] or 'a blank card'} has no value to set: nothing was changed")
    cards = connection.execute(
        sa.select(Keyword.name, HeaderCard.position)
        .join(HeaderCard, HeaderCard.keyword_id == Keyword.id)
        .where(HeaderCard.header_id == header_id)
        .order_by(HeaderCard.position)
    ).all()
    for name in names:
        for card in cards:
            if card.name == name:
                return name, card.position
    if not new:
        known = {card.name for card in cards}
        hint = "new=True adds a card"
        raise AomuseError(unknown(f"the header {extension} has no keyword", keyword, known, hint))
    name = names[0]
    if not (name.isascii() and name.isprintable() and len(name) <= _MAX_KEYWORD):
        raise AomuseError(
            f"{keyword!r} is not a keyword: use printable ASCII, at most {_MAX_KEYWORD} characters"
        )
    position = max((card.position for card in cards), default=-1) + 1
    connection.execute(
        sa.insert(HeaderCard).values(
            header_id=header_id,
            position=position,
            keyword_id=_keyword_id(connection, name),
            value_type="undefined",
        )
    )
    connection.execute(
        sa.update(Header).where(Header.id == header_id).values(card_count=Header.card_count + 1)
    )
    return name, position


def _keyword_id(connection: Connection, name: str) -> int:
    found = connection.scalar(
        sa.select(Keyword.id).where(Keyword.name == name, Keyword.comment == "")
    )
    if found is not None:
        return found
    return inserted_id(connection, sa.insert(Keyword).values(name=name, comment=""))


def _column(keyword: str, value: Any) -> tuple[str | None, Any]:
    """Return the exposure's column for a keyword, and the value for it."""
    fitting: str | dt.datetime | float | bool | None
    if keyword == MODE_KEYWORD:
        column, fitting, kind = "instrument_mode", mode_of(value), "a text of 1 to 64 characters"
    elif keyword == START_KEYWORD:
        column, fitting, kind = "date_obs_utc", start_of(value), "a time in ISO 8601"
    else:
        promoted = next((p for p in PROMOTED if p.keyword == keyword), None)
        if promoted is None:
            return None, None
        column, kind = promoted.column, _KINDS[promoted.kind]
        fitting = promoted_value(value, promoted.kind)
    if fitting is None and value is not None:
        raise AomuseError(f"{keyword} is {kind}, not {value!r}: nothing was changed")
    return column, fitting
