"""means of the PSF in the rows of its windows, where a question of all windows finds them

Revision: 0024
Follows: 0023
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_SAME = "also in psf_window_parameter"
#: Column, statistic and parameter of psf_window_parameter, and comment.
COLUMNS = (
    ("fwhm_pixel", "mean", "fwhm", f"Mean of fwhm, pixels; {_SAME}"),
    (
        *("fwhm_standard_deviation_pixel", "standard_deviation", "fwhm"),
        f"Standard deviation of fwhm, pixels; {_SAME}",
    ),
    ("beta", "mean", "beta", f"Mean of beta; {_SAME}"),
    ("ellipticity", "mean", "e", f"Mean of e; {_SAME}"),
    ("theta", "mean", "theta", f"Mean of theta, radians; {_SAME}"),
)


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    can_skip = op.get_context().dialect.name != "sqlite" or None
    for name, _, _, comment in COLUMNS:
        column = sa.Column(name, sa.Double(), nullable=True, comment=comment)
        op.add_column("psf_window", column, if_not_exists=can_skip)
    for name, statistic, parameter, _ in COLUMNS:
        op.execute(
            f"UPDATE psf_window SET {name} = (SELECT p.{statistic} FROM psf_window_parameter p"
            " WHERE p.psf_fit_id = psf_window.psf_fit_id AND p.version = psf_window.version"
            f" AND p.window_index = psf_window.window_index AND p.parameter = '{parameter}')"
        )


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    can_skip = op.get_context().dialect.name != "sqlite" or None
    for name, *_ in COLUMNS:
        op.drop_column("psf_window", name, if_exists=can_skip)
