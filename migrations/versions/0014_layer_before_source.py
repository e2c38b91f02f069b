"""the layer before the source in the key of source_sample

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0014"
down_revision = "0013"
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
KEYS = {
    "psf_fit_id": "Fit (psf_fit.id)",
    "pampelmuse_id": "Id that PampelMuse gave: X of PM_X",
    "layer": "Layer of the cube, from 0",
}
VALUES = {
    "snr": "Signal-to-noise ratio",
    "flux": "Flux in the cube's unit",
    "fwhm": "FWHM of the PSF, pixels",
    "beta": "Moffat beta of the PSF",
    "xc": "Centroid in x, pixels",
    "yc": "Centroid in y, pixels",
}
#: The key, the parent, and the columns that refer to it.
BEFORE = (
    ("psf_fit_id", "pampelmuse_id", "layer"),
    "source",
    ("psf_fit_id", "pampelmuse_id"),
)
NOW = (
    ("psf_fit_id", "layer", "pampelmuse_id"),
    "psf_layer",
    ("psf_fit_id", "layer"),
)


def upgrade() -> None:
    _rebuild(*NOW)


def downgrade() -> None:
    _rebuild(*BEFORE)


def _rebuild(key: tuple[str, ...], parent: str, reference: tuple[str, ...]) -> None:
    """Copy the samples into a table with another key, in the order of that key.

    A migration that was cut off goes on: the copy begins anew as long as the old table is there,
    and only its name is left to change where it is not.
    """
    offline = context.is_offline_mode()
    there, is_new = True, False
    if not offline:
        drop_views(op.get_bind())
        inspector = sa.inspect(op.get_bind())
        there = inspector.has_table("source_sample")
        is_new = there and inspector.get_pk_constraint("source_sample")[
            "constrained_columns"
        ] == list(key)
    if there and not is_new:
        op.drop_table("new_source_sample", if_exists=True)
        op.create_table(
            "new_source_sample",
            *(
                sa.Column(
                    name, sa.Integer(), autoincrement=False, nullable=False, comment=KEYS[name]
                )
                for name in key
            ),
            *(sa.Column(n, sa.Double(), nullable=True, comment=c) for n, c in VALUES.items()),
            sa.ForeignKeyConstraint(
                list(reference),
                [f"{parent}.{name}" for name in reference],
                name=f"fk_source_sample_{parent}",
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint(*key, name="pk_source_sample"),
            comment="PM_X: one source in one layer; the primary key is its only index",
            **OPTIONS,
        )
        op.execute(
            "INSERT INTO psf_layer (psf_fit_id, layer) SELECT DISTINCT s.psf_fit_id, s.layer"
            " FROM source_sample s LEFT JOIN psf_layer l"
            " ON l.psf_fit_id = s.psf_fit_id AND l.layer = s.layer WHERE l.layer IS NULL"
        )
        _copy(key, offline)
        op.drop_table("source_sample")
    if not is_new:
        op.rename_table("new_source_sample", "source_sample")
    _turn_special_values()


def _copy(key: tuple[str, ...], offline: bool) -> None:
    names = ", ".join((*key, *VALUES))
    insert = f"INSERT INTO new_source_sample ({names}) SELECT {names} FROM source_sample"
    order = f" ORDER BY {', '.join(key)}"
    if offline:
        op.execute(insert + order)
        return
    # One analysis after the other: the server sorts each in memory.
    for number in op.get_bind().scalars(sa.text("SELECT id FROM psf_fit ORDER BY id")).all():
        op.execute(sa.text(f"{insert} WHERE psf_fit_id = {number}{order}"))


def _turn_special_values() -> None:
    """Exchange the last two of the three parts of a key in special_value.

    In two steps, with a mark in front: on the way a new key could be the old one of another row.
    """
    if op.get_context().dialect.name == "sqlite":
        rest = "substr(row_key, instr(row_key, '/') + 1)"
        parts = (
            "substr(row_key, 1, instr(row_key, '/') - 1)",
            f"substr({rest}, instr({rest}, '/') + 1)",
            f"substr({rest}, 1, instr({rest}, '/') - 1)",
        )
        turned = "'>' || " + " || '/' || ".join(parts)
    else:
        turned = (
            "CONCAT('>', SUBSTRING_INDEX(row_key, '/', 1), '/', SUBSTRING_INDEX(row_key, '/', -1),"
            " '/', SUBSTRING_INDEX(SUBSTRING_INDEX(row_key, '/', 2), '/', -1))"
        )
    where = "WHERE table_name = 'source_sample' AND row_key"
    op.execute(f"UPDATE special_value SET row_key = {turned} {where} NOT LIKE '>%'")
    op.execute(f"UPDATE special_value SET row_key = substr(row_key, 2) {where} LIKE '>%'")
