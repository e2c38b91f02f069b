"""several loaders at once: which run a lock belongs to, and files by their folder

Revision: 0022
Follows: 0021
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("source_file", "known_file")
RUN = "Run that lives as long as the connection; NULL where there is none"
SHARED = "1 for whoever has it alone; others share it"
LOCKS = "MariaDB: the connections that write to the database now"
FORMER = "MariaDB: the connection that writes to the database now"


def upgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    column = sa.Column("load_run_id", sa.Integer(), nullable=True, comment=RUN)
    op.add_column("run_lock", column, if_not_exists=None if is_sqlite else True)
    if not is_sqlite:
        _comment("1", SHARED)
        op.create_table_comment("run_lock", LOCKS, existing_comment=FORMER)
    for table in TABLES:
        length = {"mysql_length": 255, "mariadb_length": 255}
        op.create_index(f"ix_{table}_path", table, ["path"], if_not_exists=True, **length)


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    is_sqlite = op.get_context().dialect.name == "sqlite"
    for table in TABLES:
        op.drop_index(f"ix_{table}_path", table_name=table, if_exists=True)
    if not is_sqlite:
        op.create_table_comment("run_lock", FORMER, existing_comment=LOCKS)
        _comment(SHARED, "1")
    op.drop_column("run_lock", "load_run_id", if_exists=None if is_sqlite else True)


def _comment(old: str, new: str) -> None:
    op.alter_column(
        "run_lock",
        "id",
        existing_type=sa.Integer(),
        existing_nullable=False,
        existing_comment=old,
        existing_autoincrement=True,
        autoincrement=True,
        comment=new,
    )
