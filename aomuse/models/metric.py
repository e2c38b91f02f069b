"""Metrics: one number for an exposure or an analysis, with the formula behind it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, Code, Float, Int, Name, table_options

_VALUE = "Value in the metric's unit; 0 and 1 for no and yes; NULL where there is none"
_REASON = "Why there is no value; NULL where there is one"


class Metric(Base):
    """A metric in one version of its formula."""

    __tablename__ = "metric"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        table_options("A metric in one version of its formula"),
    )

    id: Mapped[Int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Number of the metric"
    )
    name: Mapped[Code] = mapped_column(comment="Name, such as seeing_los")
    version: Mapped[Code] = mapped_column(
        comment="corrected: current; legacy: as the AOMUSE package of 2022, where that differs; "
        "corrected-1: current before"
    )
    unit: Mapped[Code] = mapped_column(comment="Unit of the value; empty where it has none")
    formula: Mapped[Name] = mapped_column(comment="Formula in words")
    citation: Mapped[Name] = mapped_column(comment="Where the formula comes from")
    inputs: Mapped[Name] = mapped_column(comment="What it is made from")
    grain: Mapped[Code] = mapped_column(comment="exposure, psf_fit or laser: what has one value")
    modes: Mapped[Name | None] = mapped_column(
        comment="Instrument modes, or how they begin, in which it holds; NULL for all"
    )
    models: Mapped[Name | None] = mapped_column(
        comment="PSF models for which it holds, and in which modes; NULL for all"
    )
    loop_state: Mapped[Code | None] = mapped_column(
        comment="State of the tip-tilt loop in which it holds; NULL for any"
    )
    lasers: Mapped[Code | None] = mapped_column(
        comment="State of the lasers, of which one is enough; NULL for any"
    )
    ranges: Mapped[Name | None] = mapped_column(
        comment="Ranges of the measurements that it uses; NULL for all"
    )


class ExposureMetric(Base):
    """One metric of one exposure."""

    __tablename__ = "exposure_metric"
    __table_args__ = (
        # With the value: a question of one metric in all exposures reads nothing but the index.
        Index("ix_exposure_metric_value", "metric_id", "exposure_id", "value"),
        table_options("One metric of one exposure"),
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment="Exposure"
    )
    metric_id: Mapped[Int] = mapped_column(
        ForeignKey("metric.id"), primary_key=True, comment="Metric"
    )
    value: Mapped[Float | None] = mapped_column(comment=_VALUE)
    reason: Mapped[Name | None] = mapped_column(comment=_REASON)


class PsfFitMetric(Base):
    """One metric of one analysis."""

    __tablename__ = "psf_fit_metric"
    __table_args__ = (
        Index("ix_psf_fit_metric_value", "metric_id", "psf_fit_id", "value"),
        table_options("One metric of one PampelMuse analysis"),
    )

    psf_fit_id: Mapped[Int] = mapped_column(
        ForeignKey("psf_fit.id", ondelete="CASCADE"), primary_key=True, comment="Fit"
    )
    metric_id: Mapped[Int] = mapped_column(
        ForeignKey("metric.id"), primary_key=True, comment="Metric"
    )
    value: Mapped[Float | None] = mapped_column(comment=_VALUE)
    reason: Mapped[Name | None] = mapped_column(comment=_REASON)
