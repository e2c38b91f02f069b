"""What aomuse notes for itself."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from aomuse.models.base import Base, BigInt, Code, Id, Int, table_options


class RunLock(Base):
    """Who uses the database now: alone (row 1), or with others (MariaDB; SQLite has a file)."""

    __tablename__ = "run_lock"
    __table_args__ = table_options("MariaDB: the connections that write to the database now")

    id: Mapped[Id] = mapped_column(comment="1 for whoever has it alone; others share it")
    lock_name: Mapped[Code | None] = mapped_column(
        comment="Lock of the server (GET_LOCK) that the connection holds while it lives"
    )
    connection_id: Mapped[BigInt | None] = mapped_column(comment="Number of the connection")
    load_run_id: Mapped[Int | None] = mapped_column(
        comment="Run that lives as long as the connection; NULL where there is none"
    )


class ViewState(Base):
    """A view as it was created (MariaDB; SQLite keeps its text)."""

    __tablename__ = "view_state"
    __table_args__ = table_options("MariaDB: a view as it was created, so that it is left alone")

    name: Mapped[Code] = mapped_column(primary_key=True, comment="Name of the view")
    digest: Mapped[Code] = mapped_column(
        comment="SHA-256 of its statement and of what the server made of it"
    )
