"""Where rows come from: runs of the loader, the files it read, and what it had to say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aomuse.models.base import (
    Base,
    BigInt,
    Code,
    Id,
    Int,
    LongText,
    Name,
    Utc,
    path_index,
    table_options,
)

if TYPE_CHECKING:
    from aomuse.models.exposure import Exposure


class LoadRun(Base):
    """One run of a command that writes exposures."""

    __tablename__ = "load_run"
    __table_args__ = table_options("One run of the loader: when, by whom, what came of it")

    id: Mapped[Id] = mapped_column(comment="Number of the run")
    command: Mapped[Code] = mapped_column(comment="Command that ran, such as load")
    root: Mapped[LongText] = mapped_column(
        comment="Roots that were searched, one a line, or the database that was imported"
    )
    started_utc: Mapped[Utc] = mapped_column(comment="Start of the run, UTC")
    finished_utc: Mapped[Utc | None] = mapped_column(
        comment="End of the run, UTC; NULL while it runs and for a run that was killed"
    )
    outcome: Mapped[Code] = mapped_column(
        comment="running, complete, issues (some files failed), interrupted, killed or failed"
    )
    host: Mapped[Name] = mapped_column(comment="Machine the loader ran on")
    process_id: Mapped[Int] = mapped_column(comment="Process id of the loader on that machine")
    aomuse_version: Mapped[Code] = mapped_column(comment="Version of aomuse that wrote the rows")
    schema_revision: Mapped[Code] = mapped_column(comment="Alembic revision of the schema")
    exposures_found: Mapped[Int] = mapped_column(comment="Exposures found below the roots")
    exposures_loaded: Mapped[Int] = mapped_column(comment="Exposures that were new")
    exposures_completed: Mapped[Int] = mapped_column(
        comment="Exposures whose missing files had appeared"
    )
    exposures_replaced: Mapped[Int] = mapped_column(
        comment="Exposures read again because a file had changed or on request"
    )
    exposures_unchanged: Mapped[Int] = mapped_column(comment="Exposures with nothing new")
    exposures_failed: Mapped[Int] = mapped_column(
        comment="Exposures with a file that could not be loaded"
    )
    row_count: Mapped[BigInt] = mapped_column(comment="Rows written")

    files: Mapped[list[SourceFile]] = relationship(back_populates="run")
    issues: Mapped[list[LoadIssue]] = relationship(
        back_populates="run", foreign_keys="LoadIssue.load_run_id", passive_deletes=True
    )


class SourceFile(Base):
    """One file that an exposure's rows were read from."""

    __tablename__ = "source_file"
    __table_args__ = (
        Index("ix_source_file_role_name", "role", "name"),
        path_index("source_file"),
        table_options("One file of an exposure, as it was when it was loaded"),
    )

    id: Mapped[Id] = mapped_column(comment="Number of the file")
    exposure_id: Mapped[Int] = mapped_column(
        ForeignKey("exposure.id", ondelete="CASCADE"), index=True, comment="Exposure it belongs to"
    )
    load_run_id: Mapped[Int] = mapped_column(
        ForeignKey("load_run.id"), index=True, comment="Run that loaded it"
    )
    role: Mapped[Code] = mapped_column(
        comment="reduced, raw, prm, psf, night_log, catalog or raman; row for an imported row"
    )
    name: Mapped[Name] = mapped_column(comment="Name of the file without its folder")
    path: Mapped[LongText] = mapped_column(
        comment="Absolute path it was read from; import:DATABASE#table/row/column for a blob"
    )
    size_bytes: Mapped[BigInt] = mapped_column(comment="Size in bytes")
    mtime_ns: Mapped[BigInt | None] = mapped_column(
        comment="Modification time in nanoseconds since 1970-01-01 UTC; NULL for an imported blob"
    )
    file_rank: Mapped[Int] = mapped_column(
        server_default=text("1"),
        comment="1 for the first file of its role in the exposure; a cube that was made from "
        "another one comes after it",
    )
    sha256: Mapped[Code | None] = mapped_column(
        comment="SHA-256 of the file's bytes without image pixels, or of an imported blob's text; "
        "NULL where it could not be read"
    )
    outcome: Mapped[Code] = mapped_column(comment="loaded, imported, or failed (see load_issue)")

    exposure: Mapped[Exposure] = relationship(back_populates="files")
    run: Mapped[LoadRun] = relationship(back_populates="files")


class LoadIssue(Base):
    """Something a run had to say about a file or an exposure."""

    __tablename__ = "load_issue"
    __table_args__ = table_options(
        "What a run found wrong, missing or odd; open until a later run reads the file again"
    )

    id: Mapped[Id] = mapped_column(comment="Number of the issue")
    load_run_id: Mapped[Int] = mapped_column(
        ForeignKey("load_run.id", ondelete="CASCADE", name="fk_load_issue_load_run_found"),
        index=True,
        comment="Run that found it",
    )
    closed_run_id: Mapped[Int | None] = mapped_column(
        ForeignKey("load_run.id", ondelete="SET NULL", name="fk_load_issue_load_run_closed"),
        index=True,
        comment="Later run that read the same file or exposure again; NULL while open",
    )
    exposure_id: Mapped[Int | None] = mapped_column(
        ForeignKey("exposure.id", ondelete="SET NULL"),
        index=True,
        comment="Exposure it is about; NULL where the file belongs to none",
    )
    severity: Mapped[Code] = mapped_column(
        comment="error (something is not in the database), warning or note"
    )
    code: Mapped[Code] = mapped_column(comment="Short name of the kind of issue")
    path: Mapped[LongText | None] = mapped_column(comment="File it is about")
    extension_name: Mapped[Name | None] = mapped_column(comment="HDU it is about (EXTNAME)")
    message: Mapped[LongText] = mapped_column(comment="One line: where, why, and what to do")

    run: Mapped[LoadRun] = relationship(back_populates="issues", foreign_keys=[load_run_id])
    exposure: Mapped[Exposure | None] = relationship(back_populates="issues")
