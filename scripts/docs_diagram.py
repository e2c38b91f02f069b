"""The entity diagram, as Mermaid, which GitHub and GitLab draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Table

from aomuse.models import Base
from scripts.docs_topics import Topic, cell, parent, topics

_INTRODUCTION = """\
# Entity diagram

`||--o{` reads "one has any number of", `|o--o{` the same where the reference may be NULL. Each
topic has a diagram with the columns of its tables; tables of other topics that they refer to are
empty boxes. The [data dictionary](data-dictionary.md) says what the columns mean.
"""

#: Tables with more columns than this show their keys only.
_MOST_COLUMNS = 25

_TYPES: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.Boolean, "flag"),
    (sa.Integer, "int"),
    (sa.Float, "float"),
    (sa.DateTime, "utc"),
    (sa.LargeBinary, "blob"),
    (sa.String, "text"),
)


def page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown with a Mermaid diagram for the whole and one for each topic.
    """
    tables = list(Base.metadata.tables.values())
    lines = [_INTRODUCTION, "## The whole", "", *_diagram(_relations(tables))]
    for topic in topics():
        lines += ["", f"## {topic.title}", "", cell(topic.meaning), ""]
        lines += _diagram([*_boxes(topic), *_relations(topic.tables)])
        wide = [table.name for table in topic.tables if _is_wide(table)]
        if wide:
            links = ", ".join(f"[{name}](data-dictionary.md#{name})" for name in wide)
            lines += ["", f"Keys only are shown of {links}."]
    return "\n".join(lines) + "\n"


def _diagram(lines: Iterable[str]) -> list[str]:
    return ["```mermaid", "erDiagram", *(f"    {line}" for line in lines), "```"]


def _is_wide(table: Table) -> bool:
    return len(table.columns) > _MOST_COLUMNS


def _boxes(topic: Topic) -> Iterator[str]:
    for table in topic.tables:
        yield f"{table.name} {{"
        for column in table.columns:
            keys = _keys(column)
            if keys or not _is_wide(table):
                yield f"    {_type(column)} {column.name} {keys}".rstrip()
        yield "}"


def _keys(column: Column[object]) -> str:
    keys = ["PK"] if column.primary_key else []
    keys += ["FK"] if column.foreign_keys else []
    keys += ["UK"] if column.unique else []
    return ", ".join(keys)


def _type(column: Column[object]) -> str:
    return next(name for kind, name in _TYPES if isinstance(column.type, kind))


def _relations(tables: Iterable[Table]) -> list[str]:
    """Return a line for each foreign key, however many columns it has."""
    lines = []
    for table in tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda c: tuple(c.column_keys)):
            columns = list(constraint.columns)
            end = "|o" if any(column.nullable for column in columns) else "||"
            label = ", ".join(column.name for column in columns)
            lines.append(f'{parent(columns[0])} {end}--o{{ {table.name} : "{label}"')
    return lines
