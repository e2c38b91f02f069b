"""SQLAlchemy models: the schema, and the objects of a session."""

from aomuse.models.base import Base
from aomuse.models.column_store import SpecialValue, TableColumn, TableLayout, TableValue
from aomuse.models.exposure import Exposure, Target
from aomuse.models.extracted_source import ExtractedSource
from aomuse.models.header import Header, HeaderCard, Keyword
from aomuse.models.housekeeping import RunLock, ViewState
from aomuse.models.imported import ImportedDocument
from aomuse.models.known_file import KnownFile
from aomuse.models.laser import ExposureLaser
from aomuse.models.metric import ExposureMetric, Metric, PsfFitMetric
from aomuse.models.metric_detail import ExposureLaserMetric, PsfWindow, PsfWindowParameter
from aomuse.models.night import NightConstraint, NightFile, NightLog, NightWeather
from aomuse.models.prediction import PsfPrediction, PsfPredictionLayer
from aomuse.models.provenance import LoadIssue, LoadRun, SourceFile
from aomuse.models.psf import (
    PositionParameter,
    PsfFit,
    PsfLayer,
    PsfParameter,
    Source,
    SourceSample,
)
from aomuse.models.summary import PsfField, PsfParameterSummary, SourceSummary, WavelengthWindow
from aomuse.models.telemetry import (
    Ag,
    Asm,
    AsmMassLayer,
    AsmSlodarLayer,
    Sgs,
    SpartaAtm,
    SpartaCn2,
    SpartaCn2Layer,
)

__all__ = [
    "Ag",
    "Asm",
    "AsmMassLayer",
    "AsmSlodarLayer",
    "Base",
    "Exposure",
    "ExposureLaser",
    "ExposureLaserMetric",
    "ExposureMetric",
    "ExtractedSource",
    "Header",
    "HeaderCard",
    "ImportedDocument",
    "Keyword",
    "KnownFile",
    "LoadIssue",
    "LoadRun",
    "Metric",
    "NightConstraint",
    "NightFile",
    "NightLog",
    "NightWeather",
    "PositionParameter",
    "PsfField",
    "PsfFit",
    "PsfFitMetric",
    "PsfLayer",
    "PsfParameter",
    "PsfParameterSummary",
    "PsfPrediction",
    "PsfPredictionLayer",
    "PsfWindow",
    "PsfWindowParameter",
    "RunLock",
    "Sgs",
    "Source",
    "SourceFile",
    "SourceSample",
    "SourceSummary",
    "SpartaAtm",
    "SpartaCn2",
    "SpartaCn2Layer",
    "SpecialValue",
    "TableColumn",
    "TableLayout",
    "TableValue",
    "Target",
    "ViewState",
    "WavelengthWindow",
]
