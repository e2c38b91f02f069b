"""what a predicted PSF was made from, and what was rejected

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMNS = (
    (
        "sparta_rows_rejected",
        sa.Integer(),
        "Rows of SPARTA_ATM_DATA without a laser within the limits",
    ),
    (
        "laser_sample_count",
        sa.Integer(),
        "Samples, each of one laser in one row, that were used",
    ),
    (
        "laser_samples_rejected",
        sa.Integer(),
        "Samples outside the limits, those of lasers that were off included",
    ),
    (
        "limits",
        sa.String(length=255),
        "What the model requires of a sample, and the zenith distance that it assumes",
    ),
)


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    is_sqlite = op.get_context().dialect.name == "sqlite"
    for name, kind, comment in COLUMNS:
        column = sa.Column(name, kind, nullable=True, comment=comment)
        op.add_column("psf_prediction", column, if_not_exists=None if is_sqlite else True)


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    is_sqlite = op.get_context().dialect.name == "sqlite"
    for name, _, _ in COLUMNS:
        op.drop_column("psf_prediction", name, if_exists=None if is_sqlite else True)
