"""The metrics of a laser side by side, where a question of all lasers finds them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from aomuse.models.base import Base, Float, Int, SmallInt, table_options

_STREHL = ("Strehl ratio", "%")
_R0 = ("Fried parameter at 500 nm in the line of sight", "m")
_L0 = ("outer scale", "m")
_SEEING = ("seeing at 500 nm in the line of sight", "arcsec")


def _used(statistic: str, of: tuple[str, str]) -> MappedColumn[Any]:
    return mapped_column(comment=f"{statistic} of the samples used: {', '.join(of)}")


def _count(which: str, of: tuple[str, str]) -> MappedColumn[Any]:
    return mapped_column(comment=f"Samples with the laser on and {which} in the range: {of[0]}")


class ExposureLaser(Base):
    """One laser in one exposure, with its current metrics.

    They are the values of `ExposureLaserMetric`, which also has older versions and reasons: to look
    up each of them there takes most of the time of a question of all lasers.
    """

    __tablename__ = "exposure_laser"
    __table_args__ = table_options(
        "One laser guide star in one exposure, with the current metrics of exposure_laser_metric"
    )

    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), primary_key=True, comment="Exposure"
    )
    lgs: Mapped[SmallInt] = mapped_column(
        primary_key=True, autoincrement=False, comment="Laser guide star, 1 to 4"
    )
    laser_on: Mapped[Float | None] = mapped_column(comment="1 if it is on in a sample, else 0")
    laser_on_share: Mapped[Float | None] = mapped_column(comment="Share of the samples with it on")
    laser_samples: Mapped[Float | None] = mapped_column(comment="Samples with it on")
    laser_open_samples: Mapped[Float | None] = mapped_column(
        comment="Samples with it on while the shutter was open"
    )
    laser_gaps: Mapped[Float | None] = mapped_column(
        comment="Intervals between those samples longer than 1.5 times the median interval of all"
    )
    laser_longest_gap: Mapped[Float | None] = mapped_column(
        comment="Longest interval between samples with it on, s"
    )
    strehl_mean: Mapped[Float | None] = _used("Mean", _STREHL)
    strehl_min: Mapped[Float | None] = _used("Lowest", _STREHL)
    strehl_last: Mapped[Float | None] = _used("Last", _STREHL)
    strehl_median: Mapped[Float | None] = _used("Median", _STREHL)
    strehl_mad: Mapped[Float | None] = _used("Median absolute deviation", _STREHL)
    strehl_used: Mapped[Float | None] = _count("a value", _STREHL)
    strehl_rejected: Mapped[Float | None] = _count("no value", _STREHL)
    r0_mean: Mapped[Float | None] = _used("Mean", _R0)
    r0_min: Mapped[Float | None] = _used("Lowest", _R0)
    r0_last: Mapped[Float | None] = _used("Last", _R0)
    r0_median: Mapped[Float | None] = _used("Median", _R0)
    r0_mad: Mapped[Float | None] = _used("Median absolute deviation", _R0)
    r0_used: Mapped[Float | None] = _count("a value", _R0)
    r0_rejected: Mapped[Float | None] = _count("no value", _R0)
    l0_mean: Mapped[Float | None] = _used("Mean", _L0)
    l0_min: Mapped[Float | None] = _used("Lowest", _L0)
    l0_last: Mapped[Float | None] = _used("Last", _L0)
    l0_median: Mapped[Float | None] = _used("Median", _L0)
    l0_mad: Mapped[Float | None] = _used("Median absolute deviation", _L0)
    l0_used: Mapped[Float | None] = _count("a value", _L0)
    l0_rejected: Mapped[Float | None] = _count("no value", _L0)
    lgs_seeing_mean: Mapped[Float | None] = _used("Mean", _SEEING)
    lgs_seeing_min: Mapped[Float | None] = _used("Lowest", _SEEING)
    lgs_seeing_last: Mapped[Float | None] = _used("Last", _SEEING)
    lgs_seeing_median: Mapped[Float | None] = _used("Median", _SEEING)
    lgs_seeing_mad: Mapped[Float | None] = _used("Median absolute deviation", _SEEING)
    lgs_seeing_used: Mapped[Float | None] = _count("a value", _SEEING)
    lgs_seeing_rejected: Mapped[Float | None] = _count("no value", _SEEING)
