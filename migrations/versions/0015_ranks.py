"""ranks of the cubes and analyses of an exposure, and the rules by which a header was read

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

#: Table, column, what it holds, and what stands in the rows that are there.
COLUMNS = (
    (
        *("source_file", "file_rank"),
        "1 for the first file of its role in the exposure; a cube that was made from another one "
        "comes after it",
        "1",
    ),
    (
        *("psf_fit", "fit_rank"),
        "1 for the first analysis of the exposure: of its first cube, Moffat before MAOPPY",
        "1",
    ),
    (
        *("known_file", "rule_set"),
        "Number of the rules by which the header was read; older ones are read again",
        "0",
    ),
)
COMBINED = (
    "Whether it is a cube made from several exposures (PROV2)",
    "Whether it is a cube made from several exposures",
)
#: The order in which the files of a role were stored, and the analyses of each cube.
RANKS = (
    "UPDATE source_file SET file_rank = 1 + (SELECT COUNT(*) FROM source_file o"
    " WHERE o.exposure_id = source_file.exposure_id AND o.role = source_file.role"
    " AND o.id < source_file.id)",
    "UPDATE psf_fit SET fit_rank = 1 + (SELECT COUNT(*) FROM psf_fit o"
    " WHERE o.exposure_id = psf_fit.exposure_id AND"
    " (COALESCE(o.reduced_file_id, 2147483647), o.model <> 'moffat', o.id) <"
    " (COALESCE(psf_fit.reduced_file_id, 2147483647), psf_fit.model <> 'moffat', psf_fit.id))",
)


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    is_sqlite = op.get_context().dialect.name == "sqlite"
    for table, name, comment, default in COLUMNS:
        column = sa.Column(
            name, sa.Integer(), nullable=False, server_default=sa.text(default), comment=comment
        )
        op.add_column(table, column, if_not_exists=None if is_sqlite else True)
    for statement in RANKS:
        op.execute(statement)
    _comment(*COMBINED)


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    is_sqlite = op.get_context().dialect.name == "sqlite"
    for table, name, _, _ in COLUMNS:
        op.drop_column(table, name, if_exists=None if is_sqlite else True)
    _comment(*reversed(COMBINED))


def _comment(before: str, now: str) -> None:
    if op.get_context().dialect.name == "sqlite":
        return
    op.alter_column(
        "known_file",
        "is_combined",
        comment=now,
        existing_comment=before,
        existing_type=sa.Boolean(),
        existing_nullable=False,
    )
