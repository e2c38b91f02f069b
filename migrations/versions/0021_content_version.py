"""how often the content of an exposure has changed

Revision: 0021
Follows: 0020
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COMMENT = "1, and one more whenever rows of the exposure are replaced or changed"


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    is_sqlite = op.get_context().dialect.name == "sqlite"
    column = sa.Column(
        "content_version",
        sa.Integer(),
        nullable=False,
        server_default=sa.text("1"),
        comment=COMMENT,
    )
    op.add_column("exposure", column, if_not_exists=None if is_sqlite else True)


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    is_sqlite = op.get_context().dialect.name == "sqlite"
    op.drop_column("exposure", "content_version", if_exists=None if is_sqlite else True)
