"""What is missing: parts that each exposure is expected to have, and why they are not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.metrics import metric_of
from aomuse.models import (
    ExposureMetric,
    Header,
    LoadIssue,
    PsfFit,
    PsfFitMetric,
    PsfPrediction,
    SourceFile,
)
from aomuse.query.frames.reading import reading

#: States of a part, the worst last but one.
THERE, MISSING, ERROR, UNEXPECTED = STATES = ("there", "missing", "error", "not expected")

#: Files by role, in the words of the page.
FILES = {
    "reduced": "reduced cube",
    "raw": "raw file",
    "prm": "PampelMuse parameters",
    "psf": "PampelMuse sources",
}
#: Tables of the raw file.
TELEMETRY = ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA", "ASM_DATA", "SGS_DATA", "AG_DATA")
KEYWORDS, SEEING, QUALITY = "header keywords", "seeing", "image quality by SPARTA"
DELIVERED, PREDICTED = "FWHM at 700 nm", "PSF by muse-psfr"

#: All parts, in the order of the matrix.
PARTS = (*FILES.values(), *TELEMETRY, KEYWORDS, SEEING, QUALITY, DELIVERED, PREDICTED)

#: Outcome of a file that could not be read; others are loaded, or imported without a file.
_FAILED = "failed"

_NO_RAW = "there is no raw file"


@dataclass
class _Facts:
    """What the database says about the parts of one exposure."""

    files: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    telemetry: set[str] = field(default_factory=set)
    issues: list[Any] = field(default_factory=list)
    metrics: dict[str, str | None] = field(default_factory=dict)
    delivered: list[str | None] = field(default_factory=list)
    prediction: list[str | None] = field(default_factory=list)


def read_parts(engine: Engine, exposures: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the state of each part of each exposure."""
    with reading(engine) as connection:
        facts, others = _facts(connection)
    rows = [
        (row.exposure_id, part, *found)
        for row in exposures.itertuples()
        for part, found in _parts(facts[int(str(row.exposure_id))], str(row.mode))
    ]
    columns = ["exposure_id", "part", "state", "reason"]
    return pd.DataFrame(rows, columns=columns), others


def _facts(connection: Connection) -> tuple[dict[int, _Facts], pd.DataFrame]:
    facts: dict[int, _Facts] = defaultdict(_Facts)
    for number, role, path, outcome in connection.execute(
        sa.select(
            SourceFile.exposure_id, SourceFile.role, SourceFile.path, SourceFile.outcome
        ).order_by(SourceFile.id)
    ):
        facts[number].roles[path] = role
        # One of several analyses may have failed.
        if facts[number].files.get(role) != _FAILED:
            facts[number].files[role] = outcome
    raw = sa.select(Header.exposure_id, Header.extension_name).join(
        SourceFile, SourceFile.id == Header.source_file_id
    )
    for number, name in connection.execute(
        raw.where(SourceFile.role == "raw", Header.extension_name.in_(TELEMETRY))
    ):
        facts[number].telemetry.add(name)
    others = []
    issue = LoadIssue
    for row in connection.execute(
        sa.select(*issue.__table__.columns).where(issue.closed_run_id.is_(None)).order_by(issue.id)
    ):
        if row.exposure_id is None:
            others.append((row.severity, row.path or "", row.message))
        else:
            facts[row.exposure_id].issues.append(row)
    _metrics(connection, facts)
    for number, reason in connection.execute(
        sa.select(PsfPrediction.exposure_id, PsfPrediction.reason)
    ):
        facts[number].prediction.append(reason)
    return facts, pd.DataFrame(others, columns=["severity", "path", "reason"])


def _metrics(connection: Connection, facts: dict[int, _Facts]) -> None:
    ids = {
        metric_of("seeing", "legacy").id: SEEING,
        metric_of("sparta_iq_los_500nm", "corrected").id: QUALITY,
    }
    metric = ExposureMetric
    for number, metric_id, reason in connection.execute(
        sa.select(metric.exposure_id, metric.metric_id, metric.reason).where(
            metric.metric_id.in_(ids)
        )
    ):
        facts[number].metrics[ids[metric_id]] = reason
    for number, reason in connection.execute(
        sa.select(PsfFit.exposure_id, PsfFitMetric.reason)
        .join(PsfFitMetric, PsfFitMetric.psf_fit_id == PsfFit.id)
        .where(PsfFitMetric.metric_id == metric_of("fwhm_700nm", "corrected").id)
    ):
        facts[number].delivered.append(reason)


def _parts(facts: _Facts, mode: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each part of an exposure with its state and the reason for it."""
    for role, part in FILES.items():
        yield part, _file(facts, role)
    for name in TELEMETRY:
        yield name, _telemetry(facts, name, mode)
    yield KEYWORDS, _keywords(facts)
    for part in (SEEING, QUALITY):
        yield part, _metric(facts, part, mode)
    yield DELIVERED, _delivered(facts)
    yield PREDICTED, _predicted(facts, mode)


def _file(facts: _Facts, role: str) -> tuple[str, str]:
    outcome = facts.files.get(role)
    errors = [i.message for i in facts.issues if i.severity == "error" and _role(facts, i) == role]
    if outcome == _FAILED or errors:
        return ERROR, "; ".join(errors) or "the file could not be loaded"
    if outcome is None:
        said = [i.message for i in facts.issues if i.code == f"{role}_missing"]
        return MISSING, "; ".join(said) or "there is no such file"
    return THERE, ""


def _role(facts: _Facts, issue: Any) -> str:
    """Return the role of the file that an issue is about; empty for tables of the raw file."""
    return "" if issue.extension_name in TELEMETRY else facts.roles.get(issue.path, "")


def _telemetry(facts: _Facts, name: str, mode: str) -> tuple[str, str]:
    for issue in facts.issues:
        if issue.severity == "error" and issue.extension_name == name:
            return ERROR, issue.message
    if name in facts.telemetry:
        return THERE, ""
    if name.startswith("SPARTA") and "NOAO" in mode:
        return UNEXPECTED, f"there is no adaptive optics in {mode}"
    raw = facts.files.get("raw")
    if raw in (None, _FAILED):
        return MISSING, _NO_RAW if raw is None else "the raw file could not be loaded"
    return MISSING, f"the raw file has no {name}"


def _keywords(facts: _Facts) -> tuple[str, str]:
    if facts.files.get("reduced", _FAILED) == _FAILED:
        return MISSING, "there is no reduced cube that could be loaded"
    codes = {"keyword_missing", "keyword_type", "target_missing", "mode_missing", "date_missing"}
    said = [issue.message for issue in facts.issues if issue.code in codes]
    return (MISSING, "; ".join(said)) if said else (THERE, "")


def _metric(facts: _Facts, part: str, mode: str) -> tuple[str, str]:
    if part not in facts.metrics:
        return MISSING, "it has not been worked out: run aomuse metrics"
    reason = facts.metrics[part]
    if reason is None:
        return THERE, ""
    if part == QUALITY and "NOAO" in mode:
        return UNEXPECTED, f"there is no adaptive optics in {mode}"
    return MISSING, reason


def _delivered(facts: _Facts) -> tuple[str, str]:
    if not facts.delivered:
        return MISSING, "there is no analysis"
    reasons = [reason for reason in facts.delivered if reason is not None]
    if len(reasons) < len(facts.delivered):
        return THERE, ""
    return MISSING, "; ".join(dict.fromkeys(reasons))


def _predicted(facts: _Facts, mode: str) -> tuple[str, str]:
    expected = mode.startswith("WFM-AO")
    if not facts.prediction:
        why = "it has not been predicted: run aomuse predict (extra psfr)"
        return (MISSING, why) if expected else (UNEXPECTED, "the model holds for WFM-AO only")
    (reason,) = facts.prediction
    if reason is None:
        return THERE, ""
    return (MISSING if expected else UNEXPECTED), reason
