"""metrics by laser, and windows of wavelength

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0012"
down_revision = "0011"
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
        "exposure_laser_metric",
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure"),
        sa.Column(
            "lgs",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="Laser guide star, 1 to 4",
        ),
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
            name=op.f("fk_exposure_laser_metric_exposure"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["metric_id"], ["metric.id"], name=op.f("fk_exposure_laser_metric_metric")
        ),
        sa.PrimaryKeyConstraint(
            "exposure_id", "lgs", "metric_id", name=op.f("pk_exposure_laser_metric")
        ),
        comment="One metric of one laser guide star in one exposure",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_exposure_laser_metric_metric_id"),
        "exposure_laser_metric",
        ["metric_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_table(
        "psf_window",
        sa.Column("psf_fit_id", sa.Integer(), nullable=False, comment="Fit"),
        sa.Column(
            "version",
            sa.String(length=64),
            nullable=False,
            comment="legacy: as the AOMUSE package of 2022 made windows; corrected: of all their layers",
        ),
        sa.Column(
            "window_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Window, from 0: the same layers in both versions",
        ),
        sa.Column("first_layer", sa.Integer(), nullable=False, comment="Lowest layer that went in"),
        sa.Column("last_layer", sa.Integer(), nullable=False, comment="Highest layer that went in"),
        sa.Column(
            "layer_count", sa.Integer(), nullable=False, comment="Layers that went in; 2 in legacy"
        ),
        sa.Column(
            "wavelength_nm",
            sa.Double(),
            nullable=False,
            comment="Mean wavelength of those layers, nm",
        ),
        sa.Column(
            "sparta_iq_arcsec",
            sa.Double(),
            nullable=True,
            comment="Image quality that SPARTA lets expect there (sparta_iq_los_500nm at this wavelength, with MUSE's own share), arcsec; NULL where there is none",
        ),
        sa.Column(
            "sparta_iq_nogain_arcsec",
            sa.Double(),
            nullable=True,
            comment="The same without the gain of the adaptive optics, arcsec",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"], ["psf_fit.id"], name=op.f("fk_psf_window_psf_fit"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "psf_fit_id", "version", "window_index", name=op.f("pk_psf_window")
        ),
        comment="One of about ten windows of wavelength of one analysis, in one version",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "psf_window_parameter",
        sa.Column(
            "psf_fit_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Fit (psf_fit.id)",
        ),
        sa.Column(
            "version",
            sa.String(length=64),
            nullable=False,
            comment="legacy: as the AOMUSE package of 2022 made windows; corrected: of all their layers",
        ),
        sa.Column(
            "window_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Window, from 0: the same layers in both versions",
        ),
        sa.Column(
            "parameter",
            sa.String(length=64),
            nullable=False,
            comment="Name as in the file: beta, fwhm, e, theta, …",
        ),
        sa.Column(
            "mean",
            sa.Double(),
            nullable=True,
            comment="legacy: mean of the two samples at the edges; corrected: of all layers",
        ),
        sa.Column(
            "median", sa.Double(), nullable=True, comment="Median of all layers; NULL in legacy"
        ),
        sa.Column(
            "standard_deviation",
            sa.Double(),
            nullable=True,
            comment="Standard deviation of the population; NULL in legacy",
        ),
        sa.Column("minimum", sa.Double(), nullable=True, comment="Smallest value; NULL in legacy"),
        sa.Column("maximum", sa.Double(), nullable=True, comment="Largest value; NULL in legacy"),
        sa.ForeignKeyConstraint(
            ["psf_fit_id", "version", "window_index"],
            ["psf_window.psf_fit_id", "psf_window.version", "psf_window.window_index"],
            name=op.f("fk_psf_window_parameter_psf_window"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "psf_fit_id",
            "version",
            "window_index",
            "parameter",
            name=op.f("pk_psf_window_parameter"),
        ),
        comment="One PSF parameter over one window of wavelength",
        if_not_exists=True,
        **OPTIONS,
    )
    _tell_grain("exposure, psf_fit or laser: what has one value")


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("psf_window_parameter", if_exists=True)
    op.drop_table("psf_window", if_exists=True)
    op.drop_table("exposure_laser_metric", if_exists=True)
    # Their metrics are not known to an older version, which would count them as its own.
    op.execute("DELETE FROM exposure_metric WHERE metric_id IN (15, 16)")
    op.execute("DELETE FROM psf_fit_metric WHERE metric_id BETWEEN 80 AND 84")
    op.execute("DELETE FROM metric WHERE id IN (15, 16) OR id BETWEEN 80 AND 84 OR id >= 100")
    _tell_grain("exposure or psf_fit: what has one value")


def _tell_grain(comment: str) -> None:
    # SQLite keeps no comments.
    if op.get_context().dialect.name != "sqlite":
        op.alter_column(
            "metric",
            "grain",
            existing_type=sa.String(length=64),
            existing_nullable=False,
            comment=comment,
        )
