"""imported documents, and what a blob does not tell

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mysql

from aomuse.query.refresh import drop_views

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_nopad_bin"),
    )
}
TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mariadb", "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mariadb", "mysql")
CODE = sa.String(length=64)
#: Columns that a blob does not tell: table, column, type, comment before and now, and what stands
#: for NULL in the older schema.
UNKNOWN = (
    (
        "source_file",
        "mtime_ns",
        sa.BigInteger(),
        "Modification time in nanoseconds since 1970-01-01 UTC",
        "Modification time in nanoseconds since 1970-01-01 UTC; NULL for an imported blob",
        "0",
    ),
    (
        "header",
        "card_images",
        BLOB,
        "The header's own 80-character card images from the file, up to END, zlib",
        "The header's own 80-character card images from the file, up to END, zlib; NULL for an "
        "imported blob",
        "x'789c030000000001'",
    ),
    (
        "night_log",
        "content",
        BLOB,
        "The file, byte by byte",
        "The file, byte by byte; NULL where only two entries on the sky were imported",
        "''",
    ),
)
#: Comments that name what is imported: table, column, type, nullable, before, now.
COMMENTS = (
    (
        *("load_run", "root", TEXT, False),
        "Roots that were searched, one a line",
        "Roots that were searched, one a line, or the database that was imported",
    ),
    (
        *("source_file", "role", CODE, False),
        "reduced, raw, prm, psf, night_log, catalog or raman",
        "reduced, raw, prm, psf, night_log, catalog or raman; row for an imported row",
    ),
    (
        *("source_file", "path", TEXT, False),
        "Absolute path it was read from",
        "Absolute path it was read from; import:DATABASE#table/row/column for a blob",
    ),
    (
        *("source_file", "sha256", CODE, True),
        "SHA-256 of the file's bytes without image pixels; NULL where it could not be read",
        "SHA-256 of the file's bytes without image pixels, or of an imported blob's text; NULL "
        "where it could not be read",
    ),
    (
        *("source_file", "outcome", CODE, False),
        "loaded, or failed (see load_issue)",
        "loaded, imported, or failed (see load_issue)",
    ),
    (
        *("header", "hdu_type", CODE, False),
        "primary, image, compressed_image, binary_table, ascii_table, ecsv (a catalogue) or other",
        "primary, image, compressed_image, binary_table, ascii_table, ecsv (a catalogue), json "
        "(imported: the kind is not known) or other",
    ),
    (
        *("keyword", "comment", sa.String(length=600), False),
        "Comment of the card; empty where it has none",
        "Comment of the card; empty where it has none, or an imported blob does not tell",
    ),
    (
        *("table_column", "datatype", CODE, True),
        "Type in a catalogue in ECSV, such as float64; NULL for FITS",
        "Type in a catalogue in ECSV or an imported blob, such as float64; NULL for FITS",
    ),
)


def upgrade() -> None:
    op.create_table(
        "imported_document",
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Number within the exposure, from 0; the parts of a document follow each other",
        ),
        sa.Column(
            "psf_fit_id",
            sa.Integer(),
            nullable=True,
            comment="Analysis that the document belongs to; NULL for the exposure",
        ),
        sa.Column(
            "source",
            TEXT,
            nullable=False,
            comment="Row that it comes from: import:DATABASE#table/row",
        ),
        sa.Column(
            "document",
            CODE,
            nullable=False,
            comment="row (its plain columns), analysis, data, psfParams, sources, or a column's "
            "name",
        ),
        sa.Column(
            "kind",
            CODE,
            nullable=False,
            comment="whole, or differences (what export seed-json changes in the typed tables' "
            "answer)",
        ),
        sa.Column("part", sa.Integer(), nullable=False, comment="Part of a long document, from 0"),
        sa.Column(
            "content",
            TEXT,
            nullable=False,
            comment="JSON, with NaN and Infinity as Python has it",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_imported_document_exposure"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"],
            ["psf_fit.id"],
            name=op.f("fk_imported_document_psf_fit"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "position", name=op.f("pk_imported_document")),
        comment="A part of a document of an imported AOMUSE database that is kept as text, because "
        "no other table gives it back exactly",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_imported_document_psf_fit_id"),
        "imported_document",
        ["psf_fit_id"],
        unique=False,
        if_not_exists=True,
    )
    if _dialect() == "sqlite":
        _let_sqlite_have_null()
        return
    for table, name, kind, before, now, _ in UNKNOWN:
        op.alter_column(
            table,
            name,
            nullable=True,
            comment=now,
            existing_comment=before,
            existing_type=kind,
            existing_nullable=False,
        )
    for table, name, kind, nullable, before, now in COMMENTS:
        _comment(table, name, kind, nullable, before, now)


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("imported_document", if_exists=True)
    for table, name, _kind, _before, _now, instead in UNKNOWN:
        known = sa.table(table, sa.column(name))
        op.execute(
            sa.update(known)
            .where(known.c[name].is_(None))
            .values({name: sa.literal_column(instead)})
        )
    op.execute("UPDATE source_file SET outcome = 'loaded' WHERE outcome = 'imported'")
    if _dialect() == "sqlite":
        # The columns go on to take NULL there, which the older version never writes.
        return
    for table, name, kind, nullable, before, now in COMMENTS:
        _comment(table, name, kind, nullable, now, before)
    for table, name, kind, before, now, _ in UNKNOWN:
        op.alter_column(
            table,
            name,
            nullable=False,
            comment=before,
            existing_comment=now,
            existing_type=kind,
            existing_nullable=True,
        )


def _dialect() -> str:
    return op.get_context().dialect.name


def _let_sqlite_have_null() -> None:
    """Take NOT NULL off columns without making their tables anew.

    Alembic's batch mode drops the old table, and SQLite then deletes its rows first: all that
    hangs on them by ON DELETE CASCADE would go too.
    """
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    for table, name, kind, _before, now, _ in UNKNOWN:
        op.add_column(table, sa.Column(f"new_{name}", kind, nullable=True, comment=now))
        known = sa.table(table, sa.column(name), sa.column(f"new_{name}"))
        op.execute(sa.update(known).values({f"new_{name}": known.c[name]}))
        op.drop_column(table, name)
        op.execute(f"ALTER TABLE {table} RENAME COLUMN new_{name} TO {name}")


def _comment(
    table: str, name: str, kind: sa.types.TypeEngine, nullable: bool, before: str, now: str
) -> None:
    op.alter_column(
        table,
        name,
        comment=now,
        existing_comment=before,
        existing_type=kind,
        existing_nullable=nullable,
    )
