"""What Datasette shows about a SQLite file: titles, descriptions, units, facets and labels."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from aomuse.db import read_transaction
from aomuse.errors import ConfigurationError
from aomuse.query.meanings import Relation, of_tables, of_views
from aomuse.query.refresh import all_views
from aomuse.schema import require_head

#: What a link to a row of a table shows; a table with a column ``name`` shows that.
_LABELS = {
    "exposure": "archive_id",
    "header": "extension_name",
    "table_layout": "extension_name",
    "load_run": "command",
    "psf_prediction": "package",
}
#: Columns to count rows by, the most useful first, and how many of them a page begins with.
_FACETS = ("target", "target_id", "instrument_mode", "model", "severity", "code", "role", "outcome",
           "wavelength_window", "night", "grain")  # fmt: skip
_FACET_COUNT = 3
#: Tables with these have too many rows to count or sort them before a page is shown.
_LARGE = {"layer", "row_index", "pampelmuse_id", "element", "keyword", "keyword_id", "path_sha256"}
_NEWEST_FIRST = ("date_obs_utc", "started_utc", "night", "month")
_INTERNAL = {"run_lock", "view_state"}

#: Units in the words of Pint, by which Datasette shows them and converts them in filters. Pint
#: multiplies no degrees Celsius and knows no magnitudes; a date in days is not shown in kilodays.
_PINT_UNITS = {
    "m / s": "m/s",
    "pix": "pixel",
    "%": "percent",
    "rad2": "rad**2",
    "deg_C": "reading_c",
    "d": "",
}
_CUSTOM_UNITS = ["reading_c = [reading_c] = °C", "mag = [magnitude] = mag"]

_ACRONYMS = {"ag", "asm", "atm", "hdu", "psf", "sgs", "sparta"}


def datasette_metadata(engine: Engine) -> dict[str, Any]:
    """Return the metadata of a SQLite database, as Datasette reads it from JSON.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A SQLite database at the newest schema.

    Returns
    -------
    dict
        Titles, descriptions, units, facets, sorting and labels of all tables and views.

    Raises
    ------
    ConfigurationError
        If it is not SQLite.
    """
    if engine.dialect.name != "sqlite":
        raise ConfigurationError(
            "Datasette opens SQLite files: give the URL of one, such as sqlite:///aomuse.db"
        )
    require_head(engine)
    with read_transaction(engine) as connection:
        views = all_views(connection)
        (_, _, file), *_ = connection.exec_driver_sql("PRAGMA database_list").all()
    relations = [*of_views(views), *of_tables()]
    return {
        "title": "aomuse",
        "description": "MUSE adaptive-optics exposures: conditions, telemetry and delivered PSF",
        "custom_units": _CUSTOM_UNITS,
        "databases": {
            Path(file).stem: {
                "description": "Analysts begin with the views, whose names begin with v_. "
                "Times are UTC.",
                "tables": {relation.name: _shown(relation) for relation in relations},
            }
        },
    }


def _shown(relation: Relation) -> dict[str, Any]:
    """Return what Datasette shows about a table or view."""
    columns = relation.columns
    shown: dict[str, Any] = {
        "title": f"{_title(relation.name)} ({relation.name})",
        "description": f"{relation.comment}.",
        "columns": {name: column.description for name, column in columns.items()},
    }
    units = {
        name: _PINT_UNITS.get(column.unit, column.unit)
        for name, column in columns.items()
        if column.unit
    }
    if any(units.values()):
        shown["units"] = {name: unit for name, unit in units.items() if unit}
    label = _LABELS.get(relation.name, "name")
    if label in columns:
        shown["label_column"] = label
    if relation.name in _INTERNAL:
        shown["hidden"] = True
    if not _LARGE.intersection(columns):
        facets = _present(_FACETS, columns)[:_FACET_COUNT]
        if facets:
            shown["facets"] = facets
        newest = _present(_NEWEST_FIRST, columns)
        if newest:
            shown["sort_desc"] = newest[0]
    return shown


def _present(names: Iterable[str], columns: Iterable[str]) -> list[str]:
    there = set(columns)
    return [name for name in names if name in there]


def _title(name: str) -> str:
    """Return the name of a table as words.

    Examples
    --------
    >>> _title("v_psf_fit_metrics"), _title("source_file")
    ('PSF fit metrics', 'Source file')
    """
    words = [
        word.upper() if word in _ACRONYMS else word for word in name.removeprefix("v_").split("_")
    ]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])
