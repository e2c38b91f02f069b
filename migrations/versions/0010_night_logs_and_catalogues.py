"""night logs and catalogues

Revision: 0010
Follows: 0008
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mysql

from aomuse.query.refresh import drop_views

revision = "0010"
down_revision = "0008"
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
UTC = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mariadb", "mysql")
TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mariadb", "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mariadb", "mysql")
#: Comments that name the new kinds of file: table, column, before, now.
COMMENTS = (
    (
        "source_file",
        "role",
        "reduced, raw, prm or psf",
        "reduced, raw, prm, psf, night_log, catalog or raman",
    ),
    (
        "header",
        "hdu_type",
        "primary, image, compressed_image, binary_table, ascii_table or other",
        "primary, image, compressed_image, binary_table, ascii_table, ecsv (a catalogue) or other",
    ),
)


def upgrade() -> None:
    op.create_table(
        "night_constraint",
        sa.Column(
            "exposure_id",
            sa.Integer(),
            nullable=False,
            comment="Exposure that the log was written for",
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Place in the log, from 0",
        ),
        sa.Column(
            "name",
            sa.String(length=255),
            nullable=False,
            comment="Constraint, such as Seeing or Moon distance",
        ),
        sa.Column(
            "fulfilled",
            sa.String(length=255),
            nullable=True,
            comment="Whether it was fulfilled, as the log says it: n/a, - or a word",
        ),
        sa.Column(
            "requested",
            sa.String(length=255),
            nullable=True,
            comment="What was requested, as the log says it",
        ),
        sa.Column(
            "requested_value",
            sa.Double(),
            nullable=True,
            comment="The same as a number, where it is one",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_night_constraint_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_night_constraint")),
        comment="One constraint of the observation block, in the night log",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "night_file",
        sa.Column(
            "exposure_id",
            sa.Integer(),
            nullable=False,
            comment="Exposure that the log was written for",
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Place in the log, from 0",
        ),
        sa.Column(
            "original_name", sa.String(length=255), nullable=True, comment="Original filename"
        ),
        sa.Column(
            "archive_id",
            sa.String(length=255),
            nullable=True,
            comment="Archive filename, as exposure.archive_id",
        ),
        sa.Column(
            "template_id", sa.String(length=255), nullable=True, comment="Template that made it"
        ),
        sa.Column(
            "data_product",
            sa.String(length=255),
            nullable=True,
            comment="Data product: category, type and technique, such as SCIENCE/OBJECT/IFU",
        ),
        sa.Column(
            "instrument_mode", sa.String(length=64), nullable=True, comment="Mode, such as WFM-AO-N"
        ),
        sa.Column(
            "exposure_number",
            sa.Integer(),
            nullable=True,
            comment="TPL.EXPNO: place in the template",
        ),
        sa.Column(
            "exposure_count", sa.Integer(), nullable=True, comment="NEXP: exposures of the template"
        ),
        sa.Column("exposure_time_s", sa.Double(), nullable=True, comment="EXPTIME, s"),
        sa.Column("airmass", sa.Double(), nullable=True, comment="Airmass"),
        sa.Column("dimm_seeing_arcsec", sa.Double(), nullable=True, comment="DIMM seeing, arcsec"),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_night_file_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_night_file")),
        comment="One file that the observation block produced, in the night log of one of its exposures",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_night_file_archive_id"),
        "night_file",
        ["archive_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_table(
        "night_weather",
        sa.Column(
            "exposure_id",
            sa.Integer(),
            nullable=False,
            comment="Exposure that the log was written for",
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Place in the log, from 0",
        ),
        sa.Column(
            "time_utc",
            UTC,
            nullable=True,
            comment="Time of the entry, UTC; NULL where it cannot be read",
        ),
        sa.Column(
            "sky_condition",
            sa.String(length=255),
            nullable=True,
            comment="Condition of the sky, such as Clear, ThinCirrus or ThickCirrus",
        ),
        sa.Column("comment", TEXT, nullable=True, comment="Comment; NULL where there is none"),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_night_weather_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_night_weather")),
        comment="One entry on the weather in the night log of an exposure",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_night_weather_exposure_id_time_utc"),
        "night_weather",
        ["exposure_id", "time_utc"],
        unique=False,
        if_not_exists=True,
    )
    op.create_table(
        "night_log",
        sa.Column(
            "exposure_id",
            sa.Integer(),
            nullable=False,
            comment="Exposure that the log was written for",
        ),
        sa.Column("source_file_id", sa.Integer(), nullable=False, comment="File of the log"),
        sa.Column(
            "night_start_utc",
            UTC,
            nullable=True,
            comment="Noon UTC that the night began after; entries are dated from it",
        ),
        sa.Column("seeing_min_arcsec", sa.Double(), nullable=True, comment="Lowest seeing, arcsec"),
        sa.Column(
            "seeing_max_arcsec", sa.Double(), nullable=True, comment="Highest seeing, arcsec"
        ),
        sa.Column("humidity_min_percent", sa.Double(), nullable=True, comment="Lowest humidity, %"),
        sa.Column(
            "humidity_max_percent", sa.Double(), nullable=True, comment="Highest humidity, %"
        ),
        sa.Column("wind_min_m_s", sa.Double(), nullable=True, comment="Lowest wind speed, m/s"),
        sa.Column("wind_max_m_s", sa.Double(), nullable=True, comment="Highest wind speed, m/s"),
        sa.Column(
            "temperature_min_c", sa.Double(), nullable=True, comment="Lowest temperature, deg C"
        ),
        sa.Column(
            "temperature_max_c", sa.Double(), nullable=True, comment="Highest temperature, deg C"
        ),
        sa.Column("overall_comment", TEXT, nullable=True, comment="Overall comment on the night"),
        sa.Column(
            "ambient_url",
            TEXT,
            nullable=True,
            comment="Where the archive shows the ambient conditions of the night",
        ),
        sa.Column("general_comments", TEXT, nullable=True, comment="General comments"),
        sa.Column(
            "ob_id", sa.BigInteger(), nullable=True, comment="OB: number of the observation block"
        ),
        sa.Column("instrument", sa.String(length=255), nullable=True, comment="Instrument"),
        sa.Column(
            "ob_name", sa.String(length=255), nullable=True, comment="Name of the observation block"
        ),
        sa.Column(
            "ob_target",
            sa.String(length=255),
            nullable=True,
            comment="Target of the observation block",
        ),
        sa.Column("program_id", sa.String(length=255), nullable=True, comment="Run: programme"),
        sa.Column("container_id", sa.BigInteger(), nullable=True, comment="Container; 0 for none"),
        sa.Column("ob_comments", TEXT, nullable=True, comment="Comments on the block"),
        sa.Column(
            "ob_grade",
            sa.String(length=64),
            nullable=True,
            comment="Grade: A and B within constraints, C and D out of them, X uncertain",
        ),
        sa.Column("ob_start_utc", UTC, nullable=True, comment="OBS.START: start of the block, UTC"),
        sa.Column("content", BLOB, nullable=False, comment="The file, byte by byte"),
        sa.ForeignKeyConstraint(
            ["exposure_id"], ["exposure.id"], name=op.f("fk_night_log_exposure"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_file_id"],
            ["source_file.id"],
            name=op.f("fk_night_log_source_file"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", name=op.f("pk_night_log")),
        comment="The night log of an exposure: general conditions of the night, and its observation block",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_night_log_source_file_id"),
        "night_log",
        ["source_file_id"],
        unique=False,
        if_not_exists=True,
    )
    can_skip = _dialect() != "sqlite"
    for name, kind, comment in (
        ("description", TEXT, "What a catalogue in ECSV says of the column; NULL for FITS"),
        (
            "datatype",
            sa.String(length=64),
            "Type in a catalogue in ECSV, such as float64; NULL for FITS",
        ),
    ):
        column = sa.Column(name, kind, nullable=True, comment=comment)
        op.add_column("table_column", column, if_not_exists=can_skip or None)
    for table, name, before, now in COMMENTS:
        _comment(table, name, before, now)


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    for table, name, before, now in COMMENTS:
        _comment(table, name, now, before)
    can_skip = _dialect() != "sqlite"
    op.drop_column("table_column", "datatype", if_exists=can_skip or None)
    op.drop_column("table_column", "description", if_exists=can_skip or None)
    for table in ("night_log", "night_weather", "night_file", "night_constraint"):
        op.drop_table(table, if_exists=True)


def _dialect() -> str:
    return op.get_context().dialect.name


def _comment(table: str, name: str, before: str, now: str) -> None:
    """Change the comment of a column, where the engine has comments."""
    if _dialect() != "sqlite":
        op.alter_column(
            table,
            name,
            comment=now,
            existing_comment=before,
            existing_type=sa.String(length=64),
            existing_nullable=False,
        )
