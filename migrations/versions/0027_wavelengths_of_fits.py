"""first wavelength and step of an analysis in its own row, by which views find the nearest layer

Revision: 0027
Follows: 0024
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0027"
down_revision = "0024"
branch_labels = None
depends_on = None

_COMMENTS = {
    "first_wavelength_nm": "Wavelength of layer 0, nm; also in psf_layer",
    "wavelength_step_nm": "From layer 0 to layer 1, nm; as layers are equally spaced, from each "
    "to the next",
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


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    can_skip = op.get_context().dialect.name != "sqlite" or None
    for name in _COMMENTS:
        op.drop_column("psf_fit", name, if_exists=can_skip)
