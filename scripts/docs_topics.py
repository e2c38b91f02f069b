"""The tables by topic, in the order in which a reader meets them."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass

from sqlalchemy import Column, Table

from aomuse.models import Base

#: Modules of `aomuse.models`, each with the title of its topic.
TITLES = {
    "exposure": "Targets and exposures",
    "psf": "PSF and PSF stars",
    "extracted_source": "Extracted sources",
    "summary": "Summaries",
    "metric": "Metrics",
    "metric_detail": "Metrics by laser and wavelength",
    "laser": "Lasers",
    "prediction": "Predicted PSFs",
    "telemetry": "Telemetry",
    "night": "Night logs",
    "header": "Headers",
    "column_store": "Column store",
    "provenance": "Provenance",
    "known_file": "Files that were seen",
    "imported": "Imported databases",
    "housekeeping": "The lock, and the views",
}


@dataclass(frozen=True)
class Topic:
    """A module of models.

    Parameters
    ----------
    title : str
        Heading.
    meaning : str
        The module's own first sentence.
    tables : tuple of sqlalchemy.Table
        Its tables, in the order in which they are defined.
    """

    title: str
    meaning: str
    tables: tuple[Table, ...]


def topics() -> list[Topic]:
    """Return every topic; each table of the schema is in exactly one.

    Returns
    -------
    list of Topic
        The topics, in reading order; a module without a title comes last, under its own name.
    """
    by_module: dict[str, list[Table]] = {name: [] for name in TITLES}
    for mapper in Base.registry.mappers:
        assert isinstance(mapper.local_table, Table)
        by_module.setdefault(mapper.class_.__module__, []).append(mapper.local_table)
    # mappers come in no order; tables are numbered as they are defined
    order = {name: place for place, name in enumerate(Base.metadata.tables)}
    found: dict[str, list[Table]] = {}
    for module, tables in by_module.items():
        name = module.rsplit(".", 1)[-1]
        found.setdefault(name, []).extend(tables)
    return [
        Topic(
            TITLES.get(name, name.replace("_", " ").capitalize()),
            (importlib.import_module(f"aomuse.models.{name}").__doc__ or "").split("\n")[0],
            tuple(sorted(tables, key=lambda table: order[table.name])),
        )
        for name, tables in found.items()
    ]


def parent(column: Column[object]) -> str | None:
    """Return the table that a column refers to, None if it is no foreign key.

    Parameters
    ----------
    column : sqlalchemy.Column
        A column of the schema.

    Returns
    -------
    str or None
        Name of the table.
    """
    return next((key.column.table.name for key in column.foreign_keys), None)


def cell(text: str) -> str:
    """Return text for a cell of a Markdown table.

    Parameters
    ----------
    text : str
        Plain text.

    Returns
    -------
    str
        One line, in which nothing is taken for markup.
    """
    return re.sub(r"([|<>*\[\]])", r"\\\1", " ".join(text.split()))
