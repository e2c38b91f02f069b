"""A full dump of a database, and back."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from aomuse.admin import mariadb_dump, sqlite_copy
from aomuse.admin.drop import inventory
from aomuse.errors import ConfigurationError, SchemaError
from aomuse.query.refresh import refresh
from aomuse.schema import VERSION_TABLE, current_revision, head_revision, refuse_unknown
from aomuse.stored.shards import is_sharded


def backup(engine: Engine, file: Path) -> int:
    """Write everything that aomuse has in a database into a file."""
    revision = current_revision(engine)
    refuse_unknown(revision)
    if revision is None:
        raise ConfigurationError("the database has no aomuse schema: there is nothing to back up")
    if os.path.lexists(file):
        raise ConfigurationError(f"{file} exists already: give another name, or remove it")
    if is_sharded(engine):
        # A dump would have no samples, and what is restored from it the same nodes.
        raise ConfigurationError(
            "the samples of this database are on other servers: while nothing is loaded, dump "
            "it and each of them with mariadb-dump, as docs/scaleout.md shows"
        )
    partial = file.with_name(f".aomuse-{secrets.token_hex(8)}.part")
    try:
        with _removed_at_the_end(partial):
            # Nobody else may read it, as long as the user does not say so.
            partial.touch(mode=0o600, exist_ok=False)
            if engine.dialect.name == "sqlite":
                sqlite_copy.backup(engine, partial)
            else:
                tables = [name for name in inventory(engine).tables if name != VERSION_TABLE]
                mariadb_dump.backup(engine, tables, revision, partial)
            if current_revision(engine) != revision:
                raise ConfigurationError(
                    "the schema was migrated meanwhile: take the backup again; nothing was kept "
                    "of it"
                )
            size = partial.stat().st_size
            _put_in_place(partial, file)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written ({error.strerror or error}): give another place"
        ) from error
    return size


@contextmanager
def _removed_at_the_end(partial: Path) -> Iterator[None]:
    """Remove a file at the end, also if this process is killed: then another one does it.

    The other one waits for the end of a pipe, in a session of its own, which no signal to ours
    reaches.
    """
    script = 'read -r _; rm -f -- "$1" "$1-journal"'
    process = subprocess.Popen(  # noqa: S603 - our own script; the name is an argument of it
        ["/bin/sh", "-c", script, "sh", partial.absolute()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        yield


def restore(engine: Engine, file: Path) -> str:
    """Bring a backup into an empty database."""
    if not file.is_file():
        raise ConfigurationError(f"there is no file {file}: give one that aomuse backup wrote")
    way = sqlite_copy if engine.dialect.name == "sqlite" else mariadb_dump
    try:
        revision: str = way.backup_revision(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read ({error.strerror or error})") from error
    if not revision:
        raise ConfigurationError(f"{file} holds no schema of aomuse: give one that aomuse wrote")
    try:
        refuse_unknown(revision)
    except SchemaError as error:
        raise SchemaError(f"{file}: {error}") from error
    found = inventory(engine)
    present = [*found.tables, *found.views, *found.others]
    if present:
        raise ConfigurationError(
            f"the database is not empty (it has {present[0]}): restore into a new one, or remove "
            "what aomuse made with aomuse drop"
        )
    way.restore(file, engine)
    if revision == head_revision():
        refresh(engine)
    return revision


def _put_in_place(partial: Path, file: Path) -> None:
    """Give a file its name; unlike a rename, never in place of one that has come up meanwhile."""
    try:
        file.hardlink_to(partial)
    except FileExistsError:
        raise
    except OSError:
        # Memory sticks and some network drives know no links.
        file.touch(exist_ok=False)
        partial.replace(file)
