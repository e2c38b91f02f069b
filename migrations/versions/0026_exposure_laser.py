"""exposure_laser: the current metrics of a laser side by side, where a question of all finds them

Revision: 0026
Follows: 0025
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_nopad_bin"),
        ("row_format", "DYNAMIC"),
    )
}
#: A metric that every laser with telemetry has, in older databases too: its rows are the lasers.
EVERY_LASER = 100
#: Column, number of its metric, and comment.
COLUMNS = [
    ("laser_on", 200, "1 if it is on in a sample, else 0"),
    ("laser_on_share", 201, "Share of the samples with it on"),
    ("laser_samples", 202, "Samples with it on"),
    ("laser_open_samples", 203, "Samples with it on while the shutter was open"),
    (
        *("laser_gaps", 204),
        "Intervals between those samples longer than 1.5 times the median interval of all",
    ),
    ("laser_longest_gap", 205, "Longest interval between samples with it on, s"),
]
for _first, _name, _quantity, _unit in (
    (210, "strehl", "Strehl ratio", "%"),
    (220, "r0", "Fried parameter at 500 nm in the line of sight", "m"),
    (230, "l0", "outer scale", "m"),
    (240, "lgs_seeing", "seeing at 500 nm in the line of sight", "arcsec"),
):
    COLUMNS += [
        (f"{_name}_{_statistic}", _first + _place, _comment)
        for _place, (_statistic, _comment) in enumerate(
            {
                "mean": f"Mean of the samples used: {_quantity}, {_unit}",
                "min": f"Lowest of the samples used: {_quantity}, {_unit}",
                "last": f"Last of the samples used: {_quantity}, {_unit}",
                "median": f"Median of the samples used: {_quantity}, {_unit}",
                "mad": f"Median absolute deviation of the samples used: {_quantity}, {_unit}",
                "used": f"Samples with the laser on and a value in the range: {_quantity}",
                "rejected": f"Samples with the laser on and no value in the range: {_quantity}",
            }.items()
        )
    ]


def upgrade() -> None:
    op.create_table(
        "exposure_laser",
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure"),
        sa.Column(
            "lgs",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="Laser guide star, 1 to 4",
        ),
        *(
            sa.Column(name, sa.Double(), nullable=True, comment=comment)
            for name, _, comment in COLUMNS
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_exposure_laser_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "lgs", name=op.f("pk_exposure_laser")),
        comment="One laser guide star in one exposure,"
        " with the current metrics of exposure_laser_metric",
        if_not_exists=True,
        **OPTIONS,
    )
    # A step that was killed on MariaDB leaves the table, with all rows or none.
    op.execute("DELETE FROM exposure_laser")
    values = ", ".join(
        "(SELECT x.value FROM exposure_laser_metric x WHERE x.exposure_id = m.exposure_id"
        f" AND x.lgs = m.lgs AND x.metric_id = {number})"
        for _, number, _ in COLUMNS
    )
    op.execute(
        f"INSERT INTO exposure_laser (exposure_id, lgs, {', '.join(name for name, *_ in COLUMNS)})"
        f" SELECT m.exposure_id, m.lgs, {values} FROM exposure_laser_metric m"
        f" WHERE m.metric_id = {EVERY_LASER}"
    )


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.drop_table("exposure_laser", if_exists=True)
