"""The page: its sections in the template, with all data and scripts inside."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import altair as alt
import jinja2
import numpy as np
import pandas as pd
import vl_convert
from sqlalchemy import Engine

from aomuse.connections.urls import shown_url
from aomuse.query.frames.reading import reading
from aomuse.report.blocks import PageColumn, Section, Table, count
from aomuse.report.coverage import coverage
from aomuse.report.data import Content, read_content
from aomuse.report.field import field
from aomuse.report.gain import gain
from aomuse.report.lasers import lasers
from aomuse.report.matrix import matrix
from aomuse.report.missing import read_parts
from aomuse.report.prediction import prediction
from aomuse.report.quality import quality
from aomuse.report.residuals import residuals
from aomuse.report.sensors import sensors
from aomuse.report.strehl import strehl
from aomuse.report.style import theme
from aomuse.report.wavelength import wavelength

#: Rows of a table that people see; the data and the saved CSV have all.
MOST_TABLE_ROWS = 100
#: Different texts in each text of a column, below which they stand once: saves half of the
#: data of 20,000 exposures.
_REPEATING = 0.7


def make_page(engine: Engine) -> tuple[str, int]:
    """Return the page."""
    with reading(engine) as connection:
        content = read_content(connection)
        states, others = read_parts(connection, content.exposures)
    sections = [
        gain(content),
        coverage(content),
        quality(content),
        wavelength(content),
        lasers(content),
        prediction(content),
        residuals(content),
        strehl(content),
        sensors(content),
        field(content),
        matrix(content, states, others),
    ]
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    library, script = _library(), _packaged("page.js")
    page = environment.from_string(_packaged("page.html.j2")).render(
        sections=sections,
        facts=_key_figures(content),
        database=shown_url(engine.url),
        made=dt.datetime.now(dt.UTC),
        version=version("aomuse"),
        most_rows=MOST_TABLE_ROWS,
        rows=_rows,
        style=_packaged("page.css"),
        library=library,
        script=script,
        # Only these two scripts run, whatever a header card contains, and nothing is fetched.
        hashes=[_hash(library), _hash(script)],
        data=_embedded(sections),
    )
    return page, len(content.exposures)


def _packaged(name: str) -> str:
    return files("aomuse.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed, in the version that Altair writes charts for."""
    series = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    known = vl_convert.get_vegalite_versions()
    bundle: str = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=series if series in known else None
    )
    return bundle


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _key_figures(content: Content) -> list[tuple[str, str]]:
    """Return the figures at the top of the page: a value, and what it counts or measures."""
    exposures, fits = content.exposures, content.fits
    hours = exposures["exposure_time_s"].sum() / 3600
    counts = {
        "exposures": len(exposures),
        "targets": exposures["target"].nunique(),
        "nights": exposures["night"].nunique(),
        "PSF analyses": len(fits),
        "PSF stars": int(exposures["source_count"].sum()),
    }
    figures = [(f"{n:,}", count(n, what).partition(" ")[2]) for what, n in counts.items()]
    figures.append((f"{hours:,.1f} h", "exposure time"))
    medians = fits.groupby("mode")["fwhm_700nm"].median().dropna()
    figures += [(f"{fwhm:.3f}″", f"median FWHM at 700 nm, {m}") for m, fwhm in medians.items()]
    return figures


def _embedded(sections: Sequence[Section]) -> str:
    """Return the charts and their data as JSON that can stand in a page."""
    data: dict[str, Any] = {}
    charts: dict[str, Any] = {}
    for section in sections:
        for table in section.tables:
            shown = {column.name: column.label for column in table.columns}
            data[table.name] = _columnar(table.frame) | {"labels": shown}
        for name, frame in section.data.items():
            data[name] = _columnar(frame) | {"labels": {}}
        for figure in section.figures:
            charts[figure.name] = figure.chart.to_dict()
            charts[figure.name].pop("config")  # Altair's own: the page has its themes
    themes = {scheme: theme(scheme) for scheme in ("light", "dark")}
    text = json.dumps(
        {"data": data, "charts": charts, "themes": themes},
        allow_nan=False,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    # No name of a target can end the script.
    return text.replace("<", "\\u003c")


def _columnar(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a frame as lists, times in milliseconds since 1970.

    Texts that repeat stand once, as ``values``, with their positions ``at``; -1 is none.
    """
    times = [name for name in frame if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]
    days = [name for name in frame if pd.api.types.is_datetime64_dtype(frame[name])]
    columns: dict[str, Any] = {}
    for name in frame:
        if pd.api.types.is_string_dtype(frame[name]):
            at, values = pd.factorize(frame[name])
            if len(values) < _REPEATING * len(at):
                columns[str(name)] = {"values": list(values), "at": at.tolist()}
                continue
        convert: Callable[[Any], Any] = _plain
        if name in times:
            convert = _milliseconds
        elif name in days:
            convert = "{:%Y-%m-%d}".format
        columns[str(name)] = [None if pd.isna(v) else convert(v) for v in frame[name]]
    return {"columns": columns, "times": times}


def _milliseconds(time: pd.Timestamp) -> int:
    return round(time.timestamp() * 1000)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _rows(table: Table) -> list[list[dict[str, str]]]:
    """Return the cells that people see: kind, text and exact value."""
    shown = table.frame.head(MOST_TABLE_ROWS)
    columns = [[_cell(value, column) for value in shown[column.name]] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: Any, column: PageColumn) -> dict[str, str]:
    if pd.isna(value):
        return {"kind": column.kind, "text": "\N{EN DASH}", "value": ""}
    if column.kind == "time":
        exact = f"{value:%Y-%m-%dT%H:%M:%S.%f}Z"
        return {"kind": "time", "text": f"{value:%Y-%m-%d %H:%M}", "value": exact}
    if column.kind == "date":
        return {"kind": "date", "text": f"{value:%Y-%m-%d}", "value": f"{value:%Y-%m-%d}"}
    if column.kind == "number":
        plain = _plain(value)
        return {"kind": "number", "text": f"{value:,.{column.digits}f}", "value": repr(plain)}
    return {"kind": column.kind, "text": str(value), "value": ""}
