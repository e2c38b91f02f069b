"""metrics

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0008"
down_revision = "0007"
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


def upgrade() -> None:
    op.create_table(
        "metric",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Number of the metric"
        ),
        sa.Column("name", sa.String(length=64), nullable=False, comment="Name, such as seeing_los"),
        sa.Column(
            "version",
            sa.String(length=64),
            nullable=False,
            comment="legacy: as the AOMUSE package of 2022; corrected: where that was wrong, or new",
        ),
        sa.Column(
            "unit",
            sa.String(length=64),
            nullable=False,
            comment="Unit of the value; empty where it has none",
        ),
        sa.Column("formula", sa.String(length=255), nullable=False, comment="Formula in words"),
        sa.Column(
            "citation",
            sa.String(length=255),
            nullable=False,
            comment="Where the formula comes from",
        ),
        sa.Column("inputs", sa.String(length=255), nullable=False, comment="What it is made from"),
        sa.Column(
            "grain",
            sa.String(length=64),
            nullable=False,
            comment="exposure or psf_fit: what has one value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_metric_name_version")),
        comment="A metric in one version of its formula",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "exposure_metric",
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure"),
        sa.Column("metric_id", sa.Integer(), nullable=False, comment="Metric"),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="Value in the metric's unit; 0 and 1 for no and yes; NULL where there is none",
        ),
        sa.Column(
            "reason",
            sa.String(length=255),
            nullable=True,
            comment="Why there is no value; NULL where there is one",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_exposure_metric_exposure"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["metric_id"], ["metric.id"], name=op.f("fk_exposure_metric_metric")
        ),
        sa.PrimaryKeyConstraint("exposure_id", "metric_id", name=op.f("pk_exposure_metric")),
        comment="One metric of one exposure",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_exposure_metric_metric_id"),
        "exposure_metric",
        ["metric_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_table(
        "psf_fit_metric",
        sa.Column("psf_fit_id", sa.Integer(), nullable=False, comment="Fit"),
        sa.Column("metric_id", sa.Integer(), nullable=False, comment="Metric"),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="Value in the metric's unit; 0 and 1 for no and yes; NULL where there is none",
        ),
        sa.Column(
            "reason",
            sa.String(length=255),
            nullable=True,
            comment="Why there is no value; NULL where there is one",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"],
            ["psf_fit.id"],
            name=op.f("fk_psf_fit_metric_psf_fit"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["metric_id"], ["metric.id"], name=op.f("fk_psf_fit_metric_metric")
        ),
        sa.PrimaryKeyConstraint("psf_fit_id", "metric_id", name=op.f("pk_psf_fit_metric")),
        comment="One metric of one PampelMuse analysis",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_psf_fit_metric_metric_id"),
        "psf_fit_metric",
        ["metric_id"],
        unique=False,
        if_not_exists=True,
    )


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("psf_fit_metric", if_exists=True)
    op.drop_table("exposure_metric", if_exists=True)
    op.drop_table("metric", if_exists=True)
