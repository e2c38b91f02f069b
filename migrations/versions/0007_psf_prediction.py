"""PSFs predicted from telemetry

Revision: 0007
Follows: 0001
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mysql

from aomuse.query.refresh import drop_views

revision = "0007"
down_revision = "0001"
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
UTC = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "psf_prediction",
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure"),
        sa.Column(
            "package",
            sa.String(length=64),
            nullable=False,
            comment="Package that reconstructed the PSF",
        ),
        sa.Column("package_version", sa.String(length=64), nullable=False, comment="Its version"),
        sa.Column("predicted_utc", UTC, nullable=False, comment="When it was reconstructed, UTC"),
        sa.Column(
            "sparta_row_count",
            sa.Integer(),
            nullable=True,
            comment="Rows of SPARTA_ATM_DATA that were used; NULL where there is no prediction",
        ),
        sa.Column(
            "seeing_arcsec",
            sa.Double(),
            nullable=True,
            comment="Seeing that went in: mean over lasers and rows, arcsec",
        ),
        sa.Column(
            "ground_layer_fraction",
            sa.Double(),
            nullable=True,
            comment="Share of the turbulence at the ground that went in: mean over lasers and rows",
        ),
        sa.Column(
            "l0_m",
            sa.Double(),
            nullable=True,
            comment="Outer scale that went in: mean over lasers and rows, m",
        ),
        sa.Column(
            "reason",
            sa.String(length=255),
            nullable=True,
            comment="Why there is no prediction; NULL where there is one",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_psf_prediction_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", name=op.f("pk_psf_prediction")),
        comment="The PSF reconstructed from the SPARTA telemetry of one exposure, or why there is "
        "none",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "psf_prediction_layer",
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure"),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Place of the wavelength, from 0",
        ),
        sa.Column("wavelength_nm", sa.Double(), nullable=False, comment="Wavelength, nm"),
        sa.Column(
            "fwhm_arcsec",
            sa.Double(),
            nullable=False,
            comment="FWHM of the predicted Moffat PSF, arcsec",
        ),
        sa.Column("beta", sa.Double(), nullable=False, comment="Moffat beta of the predicted PSF"),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["psf_prediction.exposure_id"],
            name=op.f("fk_psf_prediction_layer_psf_prediction"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_psf_prediction_layer")),
        comment="The predicted PSF of one exposure at one wavelength",
        if_not_exists=True,
        **OPTIONS,
    )


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("psf_prediction_layer", if_exists=True)
    op.drop_table("psf_prediction", if_exists=True)
