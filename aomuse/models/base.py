"""The vocabulary of columns, the naming of constraints and the table options all models share."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, mapped_column

#: Every constraint carries a name, so that a migration can address it on any engine.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: Binary and NOPAD: ``M54``, ``m54`` and ``M54 `` are three names, as they are in the files.
COLLATION = "utf8mb4_nopad_bin"

_MARIADB = ("mysql", "mariadb")

#: What each table says for itself on MariaDB, so that no default of the server counts: with
#: ``innodb_default_row_format=compact`` a key of 255 characters does not fit.
STORAGE = {
    f"{dialect}_{option}": value
    for dialect in _MARIADB
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", COLLATION),
        ("row_format", "DYNAMIC"),
    )
}
_utc_type = DateTime().with_variant(mysql.DATETIME(fsp=6), *_MARIADB)
_text_type = Text().with_variant(mysql.MEDIUMTEXT(), *_MARIADB)
_blob_type = LargeBinary().with_variant(mysql.MEDIUMBLOB(), *_MARIADB)

#: Characters of a `Name`.
NAME_LENGTH = 255

Id = Annotated[int, mapped_column(Integer, primary_key=True, autoincrement=True)]
Int = Annotated[int, mapped_column(Integer)]
SmallInt = Annotated[int, mapped_column(SmallInteger)]
BigInt = Annotated[int, mapped_column(BigInteger)]
#: Ids of sources come from catalogues; Gaia's have 64 bits. So has every integer of SQLite.
SourceId = Annotated[int, mapped_column(BigInteger().with_variant(Integer(), "sqlite"))]
Float = Annotated[float, mapped_column(Double)]
Flag = Annotated[bool, mapped_column(Boolean)]
Utc = Annotated[dt.datetime, mapped_column(_utc_type)]
Code = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(NAME_LENGTH))]
LongText = Annotated[str, mapped_column(_text_type)]
Blob = Annotated[bytes, mapped_column(_blob_type)]


class Base(DeclarativeBase):
    """Parent of all models."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def path_index(table: str) -> Index:
    """Return the index by which the files below a folder are found.

    Parameters
    ----------
    table : str
        A table with a column ``path``.

    Returns
    -------
    sqlalchemy.Index
        On MariaDB of the first characters: the whole path is too long.
    """
    length: dict[str, Any] = {f"{dialect}_length": 255 for dialect in _MARIADB}
    return Index(f"ix_{table}_path", "path", **length)


def table_options(comment: str) -> dict[str, Any]:
    """Return ``__table_args__`` options for a table with the given comment.

    Parameters
    ----------
    comment : str
        What a row of the table is.

    Returns
    -------
    dict
        The comment, and engine, character set, collation and row format for MariaDB.
    """
    return {"comment": comment, **STORAGE}
