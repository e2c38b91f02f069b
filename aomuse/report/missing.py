"""What is missing: the parts that each exposure should have, and why some are not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

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
from aomuse.muse.expected import TELEMETRY, why_absent
from aomuse.paths import shown
from aomuse.query.frames.reading import Readable, reading

#: States of a part.
THERE, MISSING, ERROR, UNEXPECTED = STATES = ("there", "missing", "error", "not expected")

#: Files by role, in the words of the page.
FILES = {
    "reduced": "reduced cube",
    "raw": "raw file",
    "prm": "PampelMuse parameters",
    "psf": "PampelMuse PSF stars",
}
KEYWORDS, SEEING, QUALITY = "header keywords", "seeing", "image quality by SPARTA"
DELIVERED, PREDICTED = "FWHM at 700 nm", "PSF by muse-psfr"

#: All parts, in the order of the matrix.
PARTS = (*FILES.values(), *TELEMETRY, KEYWORDS, SEEING, QUALITY, DELIVERED, PREDICTED)

#: Outcome of a file that could not be read. Others are loaded, or imported without a file.
_FAILED = "failed"


@dataclass
class _Record:
    """What the database has about the parts of one exposure."""

    files: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    telemetry: set[str] = field(default_factory=set)
    issues: list[Any] = field(default_factory=list)
    metrics: dict[str, str | None] = field(default_factory=dict)
    delivered: list[str | None] = field(default_factory=list)
    prediction: list[str | None] = field(default_factory=list)


def read_parts(readable: Readable, exposures: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the state of each part of each exposure."""
    with reading(readable) as connection:
        records, others = _records(connection)
    rows = [
        (row.exposure_id, part, *found)
        for row in exposures.itertuples()
        for part, found in _parts(records[int(str(row.exposure_id))], str(row.mode))
    ]
    columns = ["exposure_id", "part", "state", "reason"]
    return pd.DataFrame(rows, columns=columns), others


def _records(connection: Connection) -> tuple[dict[int, _Record], pd.DataFrame]:
    records: dict[int, _Record] = defaultdict(_Record)
    file, issue = SourceFile, LoadIssue
    files = sa.select(file.exposure_id, file.role, file.path, file.outcome).order_by(file.id)
    for number, role, path, outcome in connection.execute(files):
        records[number].roles[shown(path)] = role
        # One of several analyses may have failed.
        if records[number].files.get(role) != _FAILED:
            records[number].files[role] = outcome
    tables = (
        sa.select(Header.exposure_id, Header.extension_name)
        .join(file, file.id == Header.source_file_id)
        .where(file.role == "raw", Header.extension_name.in_(TELEMETRY))
    )
    for number, name in connection.execute(tables):
        records[number].telemetry.add(name)
    others = []
    is_open = issue.closed_run_id.is_(None)
    for row in connection.execute(
        sa.select(*issue.__table__.columns).where(is_open).order_by(issue.id)
    ):
        if row.exposure_id is None:
            others.append((row.severity, row.path or "", row.message))
        else:
            records[row.exposure_id].issues.append(row)
    _metrics(connection, records)
    predictions = sa.select(PsfPrediction.exposure_id, PsfPrediction.reason)
    for number, reason in connection.execute(predictions):
        records[number].prediction.append(reason)
    return records, pd.DataFrame(others, columns=["severity", "path", "reason"])


def _metrics(connection: Connection, records: dict[int, _Record]) -> None:
    ids = {
        metric_of("seeing").id: SEEING,
        metric_of("sparta_iq_los_500nm").id: QUALITY,
    }
    metric = ExposureMetric
    metrics = sa.select(metric.exposure_id, metric.metric_id, metric.reason)
    for number, metric_id, reason in connection.execute(metrics.where(metric.metric_id.in_(ids))):
        records[number].metrics[ids[metric_id]] = reason
    delivered = (
        sa.select(PsfFit.exposure_id, PsfFitMetric.reason)
        .join(PsfFitMetric, PsfFitMetric.psf_fit_id == PsfFit.id)
        .where(PsfFitMetric.metric_id == metric_of("fwhm_700nm").id)
    )
    for number, reason in connection.execute(delivered):
        records[number].delivered.append(reason)


def _parts(record: _Record, mode: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each part of an exposure with its state and the reason for it."""
    for role, part in FILES.items():
        yield part, _file(record, role)
    for name in TELEMETRY:
        yield name, _telemetry(record, name, mode)
    yield KEYWORDS, _keywords(record)
    for part in (SEEING, QUALITY):
        yield part, _metric(record, part, mode)
    yield DELIVERED, _delivered(record)
    yield PREDICTED, _predicted(record, mode)


def _file(record: _Record, role: str) -> tuple[str, str]:
    outcome = record.files.get(role)
    own = (issue for issue in record.issues if _role(record, issue) == role)
    errors = [issue.message for issue in own if issue.severity == "error"]
    if outcome == _FAILED or errors:
        return ERROR, "; ".join(errors) or "the file could not be loaded"
    if outcome is None:
        reasons = [i.message for i in record.issues if i.code == f"{role}_missing"]
        return MISSING, "; ".join(reasons) or "there is no such file"
    return THERE, ""


def _role(record: _Record, issue: Any) -> str:
    """Return the role of the file that an issue is about; empty for tables of the raw file."""
    return "" if issue.extension_name in TELEMETRY else record.roles.get(issue.path, "")


def _telemetry(record: _Record, name: str, mode: str) -> tuple[str, str]:
    for issue in record.issues:
        if issue.severity == "error" and issue.extension_name == name:
            return ERROR, issue.message
    if name in record.telemetry:
        return THERE, ""
    why = why_absent(name, mode)
    if why is not None:
        return UNEXPECTED, why
    raw = record.files.get("raw")
    if raw in (None, _FAILED):
        return (
            MISSING,
            "there is no raw file" if raw is None else "the raw file could not be loaded",
        )
    return MISSING, f"the raw file has no {name}"


def _keywords(record: _Record) -> tuple[str, str]:
    if record.files.get("reduced", _FAILED) == _FAILED:
        return MISSING, "there is no reduced cube that could be loaded"
    codes = {"keyword_missing", "keyword_type", "target_missing", "mode_missing", "date_missing"}
    reasons = [issue.message for issue in record.issues if issue.code in codes]
    return (MISSING, "; ".join(reasons)) if reasons else (THERE, "")


def _metric(record: _Record, part: str, mode: str) -> tuple[str, str]:
    if part not in record.metrics:
        return MISSING, "it has not been computed: run aomuse metrics"
    reason = record.metrics[part]
    if reason is None:
        return THERE, ""
    # By the mode, and not by the text: rows may be of an older version.
    if part == QUALITY and (elsewhere := metric_of("sparta_iq_los_500nm").domain.reason(mode)):
        return UNEXPECTED, elsewhere
    return MISSING, reason


def _delivered(record: _Record) -> tuple[str, str]:
    if not record.delivered:
        return MISSING, "there is no analysis"
    reasons = [reason for reason in record.delivered if reason is not None]
    if len(reasons) < len(record.delivered):
        return THERE, ""
    return MISSING, "; ".join(dict.fromkeys(reasons))


def _predicted(record: _Record, mode: str) -> tuple[str, str]:
    expected = mode.startswith("WFM-AO")
    if not record.prediction:
        why = "it has not been predicted: pip install 'aomuse[psfr]' and run aomuse predict"
        return (MISSING, why) if expected else (UNEXPECTED, "the model applies to WFM-AO only")
    (reason,) = record.prediction
    if reason is None:
        return THERE, ""
    return (MISSING if expected else UNEXPECTED), reason
