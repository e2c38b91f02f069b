"""who holds the database, and which views are as they should be

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0017"
down_revision = "0016"
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
        "run_lock",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False, comment="1"),
        sa.Column(
            "lock_name",
            sa.String(length=64),
            nullable=True,
            comment="Lock of the server (GET_LOCK) that the connection holds while it lives",
        ),
        sa.Column(
            "connection_id", sa.BigInteger(), nullable=True, comment="Number of the connection"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_lock")),
        comment="MariaDB: the connection that writes to the database now",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "view_state",
        sa.Column("name", sa.String(length=64), nullable=False, comment="Name of the view"),
        sa.Column(
            "digest",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of its statement and of what the server made of it",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_view_state")),
        comment="MariaDB: a view as it was created, so that it is left alone",
        if_not_exists=True,
        **OPTIONS,
    )


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("view_state", if_exists=True)
    op.drop_table("run_lock", if_exists=True)
