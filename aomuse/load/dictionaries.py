"""Tables that many exposures share: targets, keywords and layouts, fetched or inserted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from aomuse.db import inserted_id, write_transaction
from aomuse.exchange.frames import Layout
from aomuse.models import Keyword, TableColumn, TableLayout, Target

_CHUNK = 400


class Dictionaries:
    """Ids of shared rows.

    New rows are committed in a short transaction of their own, before the exposure that needs
    them: no exposure waits for another's dictionary rows, and unused rows are harmless.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._targets: dict[str, int] = {}
        self._keywords: dict[tuple[str, str], int] = {}
        self._layouts: dict[str, tuple[int, dict[int, int]]] = {}
        with engine.connect() as connection:
            for keyword in connection.execute(sa.select(Keyword.name, Keyword.comment, Keyword.id)):
                self._keywords[keyword.name, keyword.comment] = keyword.id

    def target(self, name: str) -> int:
        """Return the id of a target."""
        if name not in self._targets:
            with write_transaction(self._engine) as connection:
                select = sa.select(Target.id).where(Target.name == name)
                found = connection.scalar(select)
                if found is None:
                    _insert_missing(connection, Target, [{"name": name}])
                    found = connection.scalar(select)
                assert found is not None
                self._targets[name] = found
        return self._targets[name]

    def keywords(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Return the ids of pairs of keyword and comment, and of all others known."""
        missing = sorted(set(pairs) - self._keywords.keys())
        if missing:
            with write_transaction(self._engine) as connection:
                rows = [{"name": name, "comment": comment} for name, comment in missing]
                _insert_missing(connection, Keyword, rows)
                wanted = set(missing)
                for start in range(0, len(missing), _CHUNK):
                    names = {name for name, _ in missing[start : start + _CHUNK]}
                    for row in connection.execute(
                        sa.select(Keyword.name, Keyword.comment, Keyword.id).where(
                            Keyword.name.in_(names)
                        )
                    ):
                        if (row.name, row.comment) in wanted:
                            self._keywords[row.name, row.comment] = row.id
        return self._keywords

    def layouts(self, layouts: Iterable[Layout]) -> None:
        """Bring layouts into the database; those that it has are looked up together."""
        missing = {e.fingerprint: e for e in layouts if e.fingerprint not in self._layouts}
        fingerprints = list(missing)
        for start in range(0, len(fingerprints), _CHUNK):
            select = (
                sa.select(
                    TableLayout.fingerprint, TableLayout.id, TableColumn.position, TableColumn.id
                )
                .outerjoin(TableColumn, TableColumn.table_layout_id == TableLayout.id)
                .where(TableLayout.fingerprint.in_(fingerprints[start : start + _CHUNK]))
            )
            with self._engine.connect() as connection:
                for fingerprint, found, position, column_id in connection.execute(select):
                    _, ids = self._layouts.setdefault(fingerprint, (found, {}))
                    if column_id is not None:
                        ids[position] = column_id
        for layout in missing.values():
            self.layout(layout)

    def layout(self, layout: Layout) -> tuple[int, dict[int, int]]:
        """Return the id of a layout, and the ids of its columns by position."""
        if layout.fingerprint not in self._layouts:
            with write_transaction(self._engine) as connection:
                select = sa.select(TableLayout.id).where(
                    TableLayout.fingerprint == layout.fingerprint
                )
                found = connection.scalar(select)
                if found is None:
                    found = _insert_layout(connection, layout)
                columns = connection.execute(
                    sa.select(TableColumn.position, TableColumn.id).where(
                        TableColumn.table_layout_id == found
                    )
                )
                self._layouts[layout.fingerprint] = found, {c.position: c.id for c in columns}
        return self._layouts[layout.fingerprint]


def _insert_missing(
    connection: Connection, model: type[Target] | type[Keyword], rows: list[dict[str, str]]
) -> None:
    """Insert rows that another loader may insert at the same moment."""
    prefix = "OR IGNORE" if connection.dialect.name == "sqlite" else "IGNORE"
    connection.execute(sa.insert(model).prefix_with(prefix), rows)


def _insert_layout(connection: Connection, layout: Layout) -> int:
    try:
        # Without a savepoint: after a deadlock there is none to go back to.
        layout_id = inserted_id(
            connection,
            sa.insert(TableLayout).values(
                extension_name=layout.extension,
                fingerprint=layout.fingerprint,
                column_count=len(layout.formats),
            ),
        )
    except IntegrityError:
        # Another loader was first, and has committed the columns too.
        found = connection.scalar(
            sa.select(TableLayout.id).where(TableLayout.fingerprint == layout.fingerprint)
        )
        if found is None:
            raise
        return found
    columns = [
        {**vars(form), "table_layout_id": layout_id, "stored_in": home}
        for form, home in zip(layout.formats, layout.stored_in, strict=True)
    ]
    if columns:
        connection.execute(sa.insert(TableColumn), columns)
    return layout_id
