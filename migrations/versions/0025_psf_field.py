"""the PSF over the field in a table of its own, where a question of one window finds it

Revision: 0025
Follows: 0024
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_nopad_bin"),
        ("row_format", "DYNAMIC"),
    )
}
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AXIS = "the middle of the cube, or 150 where that is not known or less than 200 pixels"

_WIDTH = "SUBSTR(h.dimensions, 1, INSTR(h.dimensions, ' x ') - 1)"
_REST = "SUBSTR(h.dimensions, INSTR(h.dimensions, ' x ') + 3)"
_HEIGHT = f"SUBSTR({_REST}, 1, INSTR({_REST}, ' x ') - 1)"
_IS_WHOLE = "z.width >= 200 AND z.height >= 200"
#: Whether a text is a number that a cube's size can be: MariaDB refuses to write what is made from
#: any other.
_IS_SIZE = {
    "sqlite": "LENGTH({0}) BETWEEN 1 AND 9 AND {0} NOT GLOB '*[^0-9]*'",
    "mariadb": "{0} REGEXP '^[0-9]{{1,9}}$'",
}


def _sizes(dialect: str) -> str:
    """Return the SQL for the size of the cube of each analysis of which it is known."""
    is_size = _IS_SIZE["sqlite" if dialect == "sqlite" else "mariadb"]
    known = f"{is_size.format(_WIDTH)} AND {is_size.format(_HEIGHT)}"
    return f"""
    SELECT g.id AS psf_fit_id,
           MAX(CASE WHEN {known} THEN CAST({_WIDTH} AS SIGNED) END) AS width,
           MAX(CASE WHEN {known} THEN CAST({_HEIGHT} AS SIGNED) END) AS height
    FROM psf_fit g
    JOIN header h ON h.source_file_id = g.reduced_file_id
    WHERE h.extension_name = 'DATA'
      AND h.dimensions LIKE '% x % x %' AND h.dimensions NOT LIKE '%?%'
    GROUP BY g.id
    """


def _star(alias: str, quantity: str) -> str:
    return (
        f" LEFT JOIN source_summary {alias} ON {alias}.psf_fit_id = s.psf_fit_id"
        f" AND {alias}.pampelmuse_id = s.pampelmuse_id"
        f" AND {alias}.wavelength_window_id = s.wavelength_window_id"
        f" AND {alias}.quantity = '{quantity}'"
    )


def _fill(dialect: str) -> str:
    return f"""
    INSERT INTO psf_field (wavelength_window_id, psf_fit_id, pampelmuse_id, x_pixel, y_pixel,
      axis_x_pixel, axis_y_pixel, snr, layer_count, fwhm_pixel, psf_fwhm_pixel)
    SELECT s.wavelength_window_id, s.psf_fit_id, s.pampelmuse_id, x.median, y.median,
      CASE WHEN {_IS_WHOLE} THEN z.width / 2e0 ELSE 150e0 END,
      CASE WHEN {_IS_WHOLE} THEN z.height / 2e0 ELSE 150e0 END,
      n.median, s.sample_count, s.median, p.median
    FROM source_summary s
    LEFT JOIN psf_parameter_summary p ON p.psf_fit_id = s.psf_fit_id AND p.parameter = 'fwhm'
      AND p.wavelength_window_id = s.wavelength_window_id
    {_star("x", "xc")} {_star("y", "yc")} {_star("n", "snr")}
    LEFT JOIN ({_sizes(dialect)}) z ON z.psf_fit_id = s.psf_fit_id
    WHERE s.quantity = 'fwhm' AND s.sample_count > 0
"""


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.create_table(
        "psf_field",
        sa.Column(
            "wavelength_window_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Wavelength window",
        ),
        sa.Column(
            "psf_fit_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Fit (psf_fit.id)",
        ),
        sa.Column(
            "pampelmuse_id",
            ID,
            autoincrement=False,
            nullable=False,
            comment="Id that PampelMuse gave: X of PM_X",
        ),
        sa.Column("x_pixel", sa.Double(), comment="Median x of the star, pixels"),
        sa.Column("y_pixel", sa.Double(), comment="Median y of the star, pixels"),
        sa.Column(
            "axis_x_pixel", sa.Double(), nullable=False, comment=f"x of the axis, pixels: {AXIS}"
        ),
        sa.Column(
            "axis_y_pixel", sa.Double(), nullable=False, comment=f"y of the axis, pixels: {AXIS}"
        ),
        sa.Column("snr", sa.Double(), comment="Median signal-to-noise ratio"),
        sa.Column(
            "layer_count",
            sa.Integer(),
            nullable=False,
            comment="Layers in which the star has an FWHM",
        ),
        sa.Column(
            "fwhm_pixel", sa.Double(), comment="Median FWHM, fitted to the star alone, pixels"
        ),
        sa.Column(
            "psf_fwhm_pixel",
            sa.Double(),
            comment="Median FWHM of the PSF of the analysis in the window, pixels",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id", "pampelmuse_id"],
            ["source.psf_fit_id", "source.pampelmuse_id"],
            name=op.f("fk_psf_field_source"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["wavelength_window_id"],
            ["wavelength_window.id"],
            name=op.f("fk_psf_field_wavelength_window"),
        ),
        sa.PrimaryKeyConstraint(
            "wavelength_window_id", "psf_fit_id", "pampelmuse_id", name=op.f("pk_psf_field")
        ),
        comment="One PSF star with an FWHM in one wavelength window, from the summaries",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_psf_field_psf_fit_id_pampelmuse_id"),
        "psf_field",
        ["psf_fit_id", "pampelmuse_id"],
        if_not_exists=True,
    )
    # A step that was interrupted on MariaDB may have filled it.
    op.execute("DELETE FROM psf_field")
    op.execute(_fill(op.get_context().dialect.name))


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("psf_field", if_exists=True)
