"""The matrix of missing data: exposures by parts."""

from __future__ import annotations

import altair as alt
import pandas as pd

from aomuse.report.blocks import Column, Figure, Section, Table, count, sentence
from aomuse.report.data import Content
from aomuse.report.missing import ERROR, MISSING, PARTS, STATES, THERE, UNEXPECTED
from aomuse.report.style import layered, named

#: Beyond this, exposures with the same gaps are one row.
MOST_ROWS = 60

_ROWS = (
    "A row is an exposure, a column a part that it is expected to have: files, tables of the raw"
    " file, and what is worked out of them."
)
_PATTERNS = (
    "A row stands for all exposures with the same gaps, a column for a part that an exposure is"
    " expected to have: files, tables of the raw file, and what is worked out of them."
)
_GAPS = alt.Scale(paddingInner=0.1, paddingOuter=0.05)
_GLYPHS = {
    THERE: "",
    MISSING: "\N{MULTIPLICATION SIGN}",
    ERROR: "!",
    UNEXPECTED: "\N{EN DASH}",
}
_SIGNS = (
    f" {_GLYPHS[MISSING]} is missing, {_GLYPHS[ERROR]} could not be loaded as a whole,"
    f" {_GLYPHS[UNEXPECTED]} is not expected in that mode. The reason of each gap is in the table"
    " below the chart."
)


def matrix(content: Content, states: pd.DataFrame, others: pd.DataFrame) -> Section:
    """Return the section on missing data."""
    title = "What is missing"
    tables = [_others(others)] if len(others) else []
    if content.exposures.empty:
        empty = "No exposure is loaded: load some with aomuse load."
        return Section("missing", title, _ROWS + _SIGNS, tables=tables, empty=empty)
    frame = _named_rows(content.exposures, states)
    gaps = frame[frame["state"].isin([MISSING, ERROR])]
    several = len(content.exposures) > MOST_ROWS
    notes = []
    if several:
        cells, left_out = _patterns(frame, len(content.exposures))
        patterns = cells["row"].nunique() + left_out
        drawn = f", of which the {MOST_ROWS} most frequent are drawn" if left_out else ""
        notes.append(
            f"{len(content.exposures):,} exposures have {count(patterns, 'patterns')} of"
            f" gaps{drawn}."
        )
    else:
        cells = frame[["row", "part", "state", "reason", "exposures"]]
    figure = Figure(
        "missing",
        "Parts of exposures" if not several else "Parts of exposures, by pattern of gaps",
        _summary(gaps, len(content.exposures)),
        _chart(cells),
        wide=True,
    )
    data = {"matrix": cells.assign(sign=cells["state"].map(_GLYPHS)).reset_index(drop=True)}
    text = (_PATTERNS if several else _ROWS) + _SIGNS
    return Section("missing", title, text, [figure], [_gaps(gaps), *tables], notes, data=data)


def _named_rows(exposures: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    frame = states.merge(exposures[["exposure_id", "time", "target", "mode", "archive_id"]])
    start = frame["time"].dt.strftime("%Y-%m-%d %H:%M").fillna("without DATE-OBS")
    names = start + "  " + frame["target"]
    # Two exposures may begin in the same minute.
    number = frame.drop_duplicates("exposure_id").groupby(names).cumcount()
    again = frame["exposure_id"].map(dict(zip(frame.loc[number.index, "exposure_id"], number,
                                              strict=True)))  # fmt: skip
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
        ours = frame[frame["exposure_id"].isin(pattern.index[pattern == states])]
        share = f"{frequent[states]:,} of {total:,}"
        for part, state in zip(PARTS, states, strict=True):
            reasons = ours.loc[ours["part"] == part, "reason"].value_counts()
            others = (
                f" (and {count(len(reasons) - 1, 'other reasons')})" if len(reasons) > 1 else ""
            )
            reason = f"{reasons.index[0]}{others}" if state != THERE else ""
            cells.append((f"{place}.  {share}", part, state, reason, int(frequent[states])))
    columns = ["row", "part", "state", "reason", "exposures"]
    return pd.DataFrame(cells, columns=columns), len(frequent) - len(drawn)


def _gaps(gaps: pd.DataFrame) -> Table:
    return Table(
        "gaps",
        "Gaps with their reasons",
        (
            Column("time", "Start, UTC", "time"),
            Column("target", "Target"),
            Column("mode", "Mode"),
            Column("archive_id", "Archive name"),
            Column("part", "Part"),
            Column("state", "State"),
            Column("reason", "Reason", "prose"),
        ),
        gaps[["time", "target", "mode", "archive_id", "part", "state", "reason"]].reset_index(
            drop=True
        ),
        "source_file, header, load_issue, exposure_metric, psf_fit_metric and psf_prediction",
    )


def _others(others: pd.DataFrame) -> Table:
    return Table(
        "files",
        "Issues with files that belong to no exposure",
        (
            Column("severity", "Severity"),
            Column("path", "File", "prose"),
            Column("reason", "Reason", "prose"),
        ),
        others,
        "load_issue",
    )


def _chart(cells: pd.DataFrame) -> alt.LayerChart:
    rows = list(dict.fromkeys(cells["row"]))
    base = alt.Chart(named("matrix")).encode(
        x=alt.X(
            "part:N",
            sort=list(PARTS),
            scale=_GAPS,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-50, labelLimit=190, labelOverlap=False),
        ),
        y=alt.Y(
            "row:N",
            sort=rows,
            scale=_GAPS,
            title=None,
            axis=alt.Axis(labelLimit=230, labelOverlap=False),
        ),
    )
    squares = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color(
            "state:O",
            sort=list(STATES),
            scale=alt.Scale(domain=list(STATES), range="ordinal"),
            legend=alt.Legend(title="State"),
        ),
        tooltip=[
            alt.Tooltip("row:N", title="Exposures" if rows[0].startswith("1.") else "Exposure"),
            alt.Tooltip("part:N", title="Part"),
            alt.Tooltip("state:N", title="State"),
            alt.Tooltip("reason:N", title="Reason"),
        ],
    )
    signs = base.mark_text(fontSize=13, fontWeight="bold").encode(
        text="sign:N",
        # A channel of its own: in that of the squares signs would vanish upon them.
        fill=alt.Fill(
            "state:O",
            sort=list(STATES),
            scale=alt.Scale(domain=list(STATES), range="heatmap"),
            legend=None,
        ),
    )
    chart = layered(squares, signs, height=22 * len(rows))
    # Else the signs' lack of a legend counts for the squares as well.
    apart: alt.LayerChart = chart.resolve_legend(color="independent", fill="independent")
    return apart


def _summary(gaps: pd.DataFrame, total: int) -> str:
    whole = total - gaps["exposure_id"].nunique()
    parts = gaps["part"].value_counts()
    worst = ", ".join(f"{part} in {number:,}" for part, number in parts.head(4).items())
    return sentence(
        f"Exposures with all parts: {whole:,} of {total:,}.",
        f"Most often missing: {worst}." if worst else "",
    )
