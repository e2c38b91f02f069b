"""what views looked up for each row: the wavelengths of layers, and means of SPARTA's samples

Revision: 0027
Follows: 0026
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_COMMENTS = {
    "first_wavelength_nm": "Wavelength of layer 0, nm",
    "wavelength_step_nm": "From layer 0 to layer 1, nm",
}
#: Name, column of sparta_atm, and the metric's row, of which a later registry may say more.
_METRICS = {
    190: (
        "sparta_ground_layer_mean",
        "tur_gnd",
        "share of the turbulence at the ground by SPARTA: mean over samples and lasers",
        "LGSn_R0, LGSn_TUR_GND",
        "0 < r0 m; 0 < share of the ground layer",
    ),
    191: (
        "sparta_fwhm_gain_mean",
        "fwhm_gain",
        "gain in FWHM by SPARTA: mean over samples and lasers",
        "LGSn_R0, LGSn_FWHM_GAIN",
        "0 < r0 m; 0 < FWHM gain",
    ),
}


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    can_skip = op.get_context().dialect.name != "sqlite" or None
    for name, comment in _COMMENTS.items():
        column = sa.Column(name, sa.Double(), nullable=True, comment=comment)
        op.add_column("psf_fit", column, if_not_exists=can_skip)
    op.execute(
        "UPDATE psf_fit SET first_wavelength_nm = (SELECT l.wavelength_nm FROM psf_layer l"
        " WHERE l.psf_fit_id = psf_fit.id AND l.layer = 0), wavelength_step_nm ="
        " (SELECT m.wavelength_nm - l.wavelength_nm FROM psf_layer l JOIN psf_layer m"
        " ON m.psf_fit_id = l.psf_fit_id WHERE l.psf_fit_id = psf_fit.id AND l.layer = 0"
        " AND m.layer = 1)"
    )
    _remove_metrics()
    for number, (name, column, formula, inputs, ranges) in _METRICS.items():
        op.execute(
            "INSERT INTO metric (id, name, version, unit, formula, citation, inputs, grain, ranges)"
            f" SELECT {number}, '{name}', 'corrected', '', '{formula}', 'aomuse', '{inputs}',"
            f" 'exposure', '{ranges}' WHERE EXISTS (SELECT 1 FROM exposure)"
        )
        what = name.removeprefix("sparta_").removesuffix("_mean").replace("_", " ")
        op.execute(
            "INSERT INTO exposure_metric (exposure_id, metric_id, value, reason)"
            f" SELECT e.id, {number}, s.value, CASE WHEN s.exposure_id IS NULL"
            " THEN 'there is no SPARTA_ATM_DATA' WHEN s.value IS NULL"
            f" THEN 'no sample has r0 and {what} above 0' END"
            " FROM exposure e LEFT JOIN (SELECT a.exposure_id,"
            f" AVG(CASE WHEN a.r0_m > 0 AND a.{column} > 0 THEN a.{column} END) AS value"
            " FROM sparta_atm a GROUP BY a.exposure_id) s ON s.exposure_id = e.id"
        )


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    can_skip = op.get_context().dialect.name != "sqlite" or None
    for name in _COMMENTS:
        op.drop_column("psf_fit", name, if_exists=can_skip)
    _remove_metrics()


def _remove_metrics() -> None:
    numbers = ", ".join(map(str, _METRICS))
    op.execute(f"DELETE FROM exposure_metric WHERE metric_id IN ({numbers})")
    op.execute(f"DELETE FROM metric WHERE id IN ({numbers})")
