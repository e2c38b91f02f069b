"""the table of the revision names its storage

Revision: 0016
Follows: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give alembic_version what later servers' defaults cannot change."""
    if op.get_context().dialect.name in {"mariadb", "mysql"}:
        op.execute(
            "ALTER TABLE alembic_version ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, "
            "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
        )


def downgrade() -> None:
    """Leave it: an older version of aomuse reads it as well."""
