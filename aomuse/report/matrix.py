"""The matrix of missing data: exposures by parts."""

from __future__ import annotations

import altair as alt
import pandas as pd

from aomuse.report.blocks import EXPOSURE, Figure, PageColumn, Section, Table, count, table_of
from aomuse.report.data import Content
from aomuse.report.missing import ERROR, MISSING, PARTS, STATES, THERE, UNEXPECTED
from aomuse.report.style import chart_of, layered, tooltips

#: Beyond this, exposures with the same gaps are one row.
MOST_ROWS = 60
#: Gaps in the table and its CSV: those of the latest exposures.
MOST_GAPS = 10_000

_TEXT = (
    "A row is {row}, a column is a part that an exposure should have: files, tables of the raw"
    " file, and what is computed from them."
)
_CELLS = ["row", "part", "state", "reason", "exposures"]
_GAPS = alt.Scale(paddingInner=0.1, paddingOuter=0.05)
_GLYPHS = {THERE: "", MISSING: "\N{MULTIPLICATION SIGN}", ERROR: "!", UNEXPECTED: "\N{EN DASH}"}
_SIGNS = (
    f" {_GLYPHS[MISSING]} is missing, {_GLYPHS[ERROR]} could not be loaded completely,"
    f" {_GLYPHS[UNEXPECTED]} is not expected in that mode. The table below the chart has the reason"
    " for each gap."
)


def matrix(content: Content, states: pd.DataFrame, others: pd.DataFrame) -> Section:
    """Return the section on missing data."""
    title = "What is missing"
    tables = [_others(others)] if len(others) else []
    if content.exposures.empty:
        text = _TEXT.format(row="an exposure") + _SIGNS
        empty = "No exposure is loaded. Load some with aomuse load."
        return Section("missing", title, text, tables=tables, empty=empty)
    frame = _named_rows(content.exposures, states)
    gaps = frame[frame["state"].isin([MISSING, ERROR])]
    total = len(content.exposures)
    cells, heading, row = frame[_CELLS], "Parts of exposures", "an exposure"
    notes = []
    if total > MOST_ROWS:
        cells, left_out = _patterns(frame, total)
        heading, row = f"{heading}, by pattern of gaps", "all exposures with the same gaps"
        patterns = count(cells["row"].nunique() + left_out, "patterns")
        drawn = f", of which the {MOST_ROWS} most frequent are drawn" if left_out else ""
        notes.append(f"{count(total, 'exposures')} have {patterns} of gaps{drawn}.")
    figure = Figure("missing", heading, _summary(gaps, total), _chart(cells), wide=True)
    data = {"matrix": cells.assign(sign=cells["state"].map(_GLYPHS)).reset_index(drop=True)}
    if len(gaps) > MOST_GAPS:
        notes.append(
            f"Of {len(gaps):,} gaps, the table has the {MOST_GAPS:,} of the latest exposures."
        )
    tables, text = [_gaps(gaps.tail(MOST_GAPS)), *tables], _TEXT.format(row=row) + _SIGNS
    return Section("missing", title, text, [figure], tables, notes, data=data)


def _named_rows(exposures: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    frame = states.merge(exposures[["exposure_id", "time", "target", "mode", "archive_id"]])
    start = frame["time"].dt.strftime("%Y-%m-%d %H:%M").fillna("without DATE-OBS")
    names = start + "  " + frame["target"]
    # Two exposures may begin in the same minute.
    number = frame.drop_duplicates("exposure_id").groupby(names).cumcount()
    again = frame["exposure_id"].map(number.set_axis(frame.loc[number.index, "exposure_id"]))
    rows = names.where(again == 0, names + " (" + (again + 1).astype(str) + ")")
    return frame.assign(row=rows, exposures=1)


def _patterns(frame: pd.DataFrame, total: int) -> tuple[pd.DataFrame, int]:
    """Return the cells of the most frequent patterns of states, and how many were left out."""
    wide = frame.set_index(["exposure_id", "part"])["state"].unstack()[list(PARTS)]  # noqa: PD010
    pattern = wide.agg(tuple, axis=1)
    frequent = pattern.value_counts()
    drawn = frequent.index[:MOST_ROWS]
    cells = []
    for place, states in enumerate(drawn, start=1):
        alike = frame[frame["exposure_id"].isin(pattern.index[pattern == states])]
        share = f"{frequent[states]:,} of {total:,}"
        for part, state in zip(PARTS, states, strict=True):
            reasons = alike.loc[alike["part"] == part, "reason"].value_counts()
            others = (
                f" (and {count(len(reasons) - 1, 'other reasons')})" if len(reasons) > 1 else ""
            )
            reason = f"{reasons.index[0]}{others}" if state != THERE else ""
            cells.append((f"{place}.  {share}", part, state, reason, int(frequent[states])))
    return pd.DataFrame(cells, columns=_CELLS), len(frequent) - len(drawn)


def _gaps(gaps: pd.DataFrame) -> Table:
    columns = (
        *EXPOSURE,
        PageColumn("archive_id", "Archive name"),
        PageColumn("part", "Part"),
        PageColumn("state", "State"),
        PageColumn("reason", "Reason", "prose"),
    )
    source = "source_file, header, load_issue, exposure_metric, psf_fit_metric and psf_prediction"
    return table_of("gaps", "Gaps and their reasons", columns, gaps, source)


def _others(others: pd.DataFrame) -> Table:
    columns = (
        PageColumn("severity", "Severity"),
        PageColumn("path", "File", "prose"),
        PageColumn("reason", "Reason", "prose"),
    )
    caption = "Issues with files that belong to no exposure"
    return Table("files", caption, columns, others, "load_issue")


def _chart(cells: pd.DataFrame) -> alt.LayerChart:
    rows = list(dict.fromkeys(cells["row"]))
    top = alt.Axis(orient="top", labelAngle=-90, labelLimit=190, labelOverlap=False)
    side = alt.Axis(labelLimit=230, labelOverlap=False)
    base = chart_of("matrix").encode(
        x=alt.X("part:N", sort=list(PARTS), scale=_GAPS, title=None, axis=top),
        y=alt.Y("row:N", sort=rows, scale=_GAPS, title=None, axis=side),
    )
    squares = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color(
            "state:O",
            sort=list(STATES),
            scale=alt.Scale(domain=list(STATES), range="ordinal"),
            legend=alt.Legend(title=None),
        ),
        tooltip=tooltips(
            ("row:N", "Exposures" if rows[0].startswith("1.") else "Exposure"),
            ("part:N", "Part"),
            ("state:N", "State"),
            ("reason:N", "Reason"),
        ),
    )
    signs = base.mark_text(fontSize=13, fontWeight="bold").encode(
        text="sign:N",
        # A channel of its own: in the colours of the squares the signs would vanish.
        fill=alt.Fill(
            "state:O",
            sort=list(STATES),
            scale=alt.Scale(domain=list(STATES), range="heatmap"),
            legend=None,
        ),
    )
    chart = layered(squares, signs, height=22 * len(rows))
    # Otherwise the squares would have no legend either.
    apart: alt.LayerChart = chart.resolve_legend(color="independent", fill="independent")
    return apart


def _summary(gaps: pd.DataFrame, total: int) -> str:
    whole = total - gaps["exposure_id"].nunique()
    parts = gaps["part"].value_counts()
    worst = ", ".join(f"{part} in {number:,}" for part, number in parts.head(4).items())
    often = f" Most often missing: {worst}." if worst else ""
    return f"Exposures with all parts: {whole:,} of {total:,}.{often}"
