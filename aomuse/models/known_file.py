"""What a load has learned of files by their headers, so that the next one need not open them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import (
    Base,
    BigInt,
    Code,
    Flag,
    Id,
    Int,
    LongText,
    Name,
    Utc,
    path_index,
    table_options,
)


class KnownFile(Base):
    """A file below a root, loaded or left out."""

    __tablename__ = "known_file"
    __table_args__ = (
        path_index("known_file"),
        table_options("A file whose header a load has read: what it is, or why it is left out"),
    )

    id: Mapped[Id] = mapped_column(comment="Number of the file")
    load_run_id: Mapped[Int] = mapped_column(
        ForeignKey("load_run.id", ondelete="CASCADE"),
        index=True,
        comment="Run that read its header",
    )
    path_sha256: Mapped[Code] = mapped_column(
        unique=True, comment="SHA-256 of the path, which is too long for an index"
    )
    path: Mapped[LongText] = mapped_column(comment="Absolute path")
    folder_role: Mapped[Code] = mapped_column(
        comment="What its folder and name make of it; unknown where they do not tell"
    )
    size_bytes: Mapped[BigInt] = mapped_column(comment="Size in bytes")
    mtime_ns: Mapped[BigInt] = mapped_column(
        comment="Modification time in nanoseconds since 1970-01-01 UTC"
    )
    role: Mapped[Code | None] = mapped_column(
        comment="What its header makes of it: reduced, raw or raman"
    )
    left_out_reason: Mapped[Name | None] = mapped_column(
        index=True, comment="Why it is no part of a science exposure; NULL for one that is"
    )
    is_combined: Mapped[Flag] = mapped_column(
        comment="Whether it is a cube made from several exposures"
    )
    rule_set: Mapped[Int] = mapped_column(
        server_default=text("0"),
        comment="Number of the rules by which the header was read; older ones are read again",
    )
    archive_id: Mapped[Name | None] = mapped_column(
        index=True, comment="Exposure that its header names, as exposure.archive_id"
    )
    raw_file: Mapped[Name | None] = mapped_column(comment="PROV1 with .fz appended")
    product: Mapped[Name | None] = mapped_column(comment="ESO PRO CATG")
    date_obs_utc: Mapped[Utc | None] = mapped_column(comment="DATE-OBS, UTC")
    mjd_obs_utc: Mapped[Utc | None] = mapped_column(comment="MJD-OBS as a time, UTC")
