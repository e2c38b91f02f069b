"""domains of metrics, and the version corrected-1 for what was current before

Revision: 0020
Follows: 0019
"""

import sqlalchemy as sa
from alembic import context, op

from aomuse.query.refresh import drop_views

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

#: Metrics that have a new formula or domain under a new number: what is stored keeps its number.
REPLACED = (
    "id IN (10, 12, 14, 15, 16, 21, 23, 25, 27, 29) OR id BETWEEN 70 AND 74"
    " OR id BETWEEN 80 AND 84 OR id BETWEEN 100 AND 142"
)
#: Metrics whose formula is that of 2022 and current.
SAME = "id IN (1, 2, 3, 4, 5, 7)"
FIRST_NEW = 150

#: Table, column, kind and comment.
COLUMNS = (
    *(
        ("metric", name, sa.String(length=length), comment)
        for name, length, comment in (
            ("modes", 255, "Instrument modes, or how they begin, in which it holds; NULL for all"),
            ("models", 255, "PSF models for which it holds, and in which modes; NULL for all"),
            ("loop_state", 64, "State of the tip-tilt loop in which it holds; NULL for any"),
            ("lasers", 64, "State of the lasers, of which one is enough; NULL for any"),
            ("ranges", 255, "Ranges of the measurements that it uses; NULL for all"),
        )
    ),
    (
        *("psf_window", "sparta_iq_reason", sa.String(length=255)),
        "Why there is no sparta_iq_arcsec; NULL if there is one",
    ),
)
_MADE = "legacy: as the AOMUSE package of 2022 made windows; corrected: of all their layers"
_MADE_NOW = (
    "corrected: of all layers outside the mode's notch; legacy: as the AOMUSE package of 2022; "
    "corrected-1: of all layers outside 576 to 605 nm"
)
_INDEX = "Window, from 0: the same layers in both versions"
_INDEX_NOW = "Window of its version, from 0; legacy and corrected-1 count the same ones"
#: Table, column, kind, whether it can be NULL, comment before and now.
COMMENTS = (
    (
        *("metric", "version", sa.String(length=64), False),
        "legacy: as the AOMUSE package of 2022; corrected: where that was wrong, or new",
        "corrected: current; legacy: as the AOMUSE package of 2022, where that differs; "
        "corrected-1: current before",
    ),
    ("psf_window", "version", sa.String(length=64), False, _MADE, _MADE_NOW),
    ("psf_window", "window_index", sa.Integer(), False, _INDEX, _INDEX_NOW),
    (
        *("psf_window", "sparta_iq_arcsec", sa.Double(), True),
        "Image quality that SPARTA lets expect there (sparta_iq_los_500nm at this wavelength, with "
        "MUSE's own share), arcsec; NULL where there is none",
        "Image quality predicted from SPARTA at this wavelength in the line of sight, with MUSE's "
        "own share, arcsec; NULL if there is none",
    ),
    ("psf_window_parameter", "version", sa.String(length=64), False, _MADE, _MADE_NOW),
    ("psf_window_parameter", "window_index", sa.Integer(), False, _INDEX, _INDEX_NOW),
    (
        *("psf_window_parameter", "mean", sa.Double(), True),
        "legacy: mean of the two samples at the edges; corrected: of all layers",
        "Mean; legacy: of the two layers at the edges",
    ),
)
PLACES = "first_layer, last_layer, layer_count, wavelength_nm"
QUALITIES = "sparta_iq_arcsec, sparta_iq_nogain_arcsec"


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    can_skip = op.get_context().dialect.name != "sqlite" or None
    for table, name, kind, comment in COLUMNS:
        column = sa.Column(name, kind, nullable=True, comment=comment)
        op.add_column(table, column, if_not_exists=can_skip)
    for table, name, kind, nullable, before, now in COMMENTS:
        _comment(table, name, kind, nullable, before, now)
    _rename_metrics(REPLACED, "corrected", "corrected-1")
    _rename_metrics(SAME, "legacy", "corrected")
    _rename_windows("corrected", "corrected-1")


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    # An older version does not know them, and would count them as its own.
    for table in ("exposure_metric", "exposure_laser_metric", "psf_fit_metric"):
        op.execute(f"DELETE FROM {table} WHERE metric_id >= {FIRST_NEW}")
    op.execute(f"DELETE FROM metric WHERE id >= {FIRST_NEW}")
    for table in ("psf_window_parameter", "psf_window"):
        op.execute(f"DELETE FROM {table} WHERE version = 'corrected'")
    _rename_metrics(SAME, "corrected", "legacy")
    _rename_metrics(REPLACED, "corrected-1", "corrected")
    _rename_windows("corrected-1", "corrected")
    for table, name, kind, nullable, before, now in COMMENTS:
        _comment(table, name, kind, nullable, now, before)
    can_skip = op.get_context().dialect.name != "sqlite" or None
    for table, name, _, _ in COLUMNS:
        op.drop_column(table, name, if_exists=can_skip)


def _rename_metrics(which: str, before: str, now: str) -> None:
    op.execute(f"UPDATE metric SET version = '{now}' WHERE version = '{before}' AND ({which})")


def _rename_windows(before: str, now: str) -> None:
    # A parent first under its new name, then its children, then without the old name: no engine
    # lets go of a key that a foreign key refers to.
    op.execute(
        f"INSERT INTO psf_window (psf_fit_id, version, window_index, {PLACES}, {QUALITIES})"
        f" SELECT psf_fit_id, '{now}', window_index, {PLACES}, {QUALITIES} FROM psf_window"
        f" WHERE version = '{before}'"
    )
    op.execute(f"UPDATE psf_window_parameter SET version = '{now}' WHERE version = '{before}'")
    op.execute(f"DELETE FROM psf_window WHERE version = '{before}'")


def _comment(
    table: str, name: str, kind: sa.types.TypeEngine, nullable: bool, before: str, now: str
) -> None:
    # SQLite keeps no comments.
    if op.get_context().dialect.name != "sqlite":
        op.alter_column(
            table,
            name,
            comment=now,
            existing_comment=before,
            existing_type=kind,
            existing_nullable=nullable,
        )
