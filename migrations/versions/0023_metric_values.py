"""indexes of metrics that hold the values, so that one metric of all exposures is read at once

Revision: 0023
Follows: 0022
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OWNERS = {
    "exposure_metric": ["exposure_id"],
    "exposure_laser_metric": ["exposure_id", "lgs"],
    "psf_fit_metric": ["psf_fit_id"],
}


def upgrade() -> None:
    for table, owner in OWNERS.items():
        _exchange(table, f"ix_{table}_metric_id", f"ix_{table}_value", [*owner, "value"])


def downgrade() -> None:
    for table in OWNERS:
        _exchange(table, f"ix_{table}_value", f"ix_{table}_metric_id", [])


def _exchange(table: str, old: str, new: str, more: list[str]) -> None:
    """Make an index that begins with metric_id, then drop the other: the foreign key needs one."""
    op.create_index(new, table, ["metric_id", *more], if_not_exists=True)
    op.drop_index(old, table_name=table, if_exists=True)
