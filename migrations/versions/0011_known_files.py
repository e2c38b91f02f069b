"""known files

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mysql

from aomuse.query.refresh import drop_views

revision = "0011"
down_revision = "0010"
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
UTC = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mariadb", "mysql")
TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mariadb", "mysql")


def upgrade() -> None:
    op.create_table(
        "known_file",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the file"
        ),
        sa.Column("load_run_id", sa.Integer(), nullable=False, comment="Run that read its header"),
        sa.Column(
            "path_sha256",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the path, which is too long for an index",
        ),
        sa.Column("path", TEXT, nullable=False, comment="Absolute path"),
        sa.Column(
            "folder_role",
            sa.String(length=64),
            nullable=False,
            comment="What its folder and name make of it; unknown where they do not tell",
        ),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False, comment="Size in bytes"),
        sa.Column(
            "mtime_ns",
            sa.BigInteger(),
            nullable=False,
            comment="Modification time in nanoseconds since 1970-01-01 UTC",
        ),
        sa.Column(
            "role",
            sa.String(length=64),
            nullable=True,
            comment="What its header makes of it: reduced, raw or raman",
        ),
        sa.Column(
            "left_out_reason",
            sa.String(length=255),
            nullable=True,
            comment="Why it is no part of a science exposure; NULL for one that is",
        ),
        sa.Column(
            "is_combined",
            sa.Boolean(),
            nullable=False,
            comment="Whether it is a cube made from several exposures (PROV2)",
        ),
        sa.Column(
            "archive_id",
            sa.String(length=255),
            nullable=True,
            comment="Exposure that its header names, as exposure.archive_id",
        ),
        sa.Column(
            "raw_file", sa.String(length=255), nullable=True, comment="PROV1 with .fz appended"
        ),
        sa.Column("product", sa.String(length=255), nullable=True, comment="ESO PRO CATG"),
        sa.Column("date_obs_utc", UTC, nullable=True, comment="DATE-OBS, UTC"),
        sa.Column("mjd_obs_utc", UTC, nullable=True, comment="MJD-OBS as a time, UTC"),
        sa.ForeignKeyConstraint(
            ["load_run_id"],
            ["load_run.id"],
            name=op.f("fk_known_file_load_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_file")),
        sa.UniqueConstraint("path_sha256", name=op.f("uq_known_file_path_sha256")),
        comment="A file whose header a load has read: what it is, or why it is left out",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_known_file_archive_id"),
        "known_file",
        ["archive_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_known_file_left_out_reason"),
        "known_file",
        ["left_out_reason"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_known_file_load_run_id"),
        "known_file",
        ["load_run_id"],
        unique=False,
        if_not_exists=True,
    )


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("known_file", if_exists=True)
