"""Revision 0013 with data in the database: nothing of it is lost, up or down."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from fits_factory import Tree
from old_databases import OldDatabase
from warehouse import aomuse, contents, query, scalar

from aomuse import schema


def test_what_was_loaded_stays(engine: sa.Engine, db_url: str, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "night")
    tree.add(1)
    assert aomuse(db_url, "load", tree.root).code == 0
    before = contents(engine, but=())
    schema.downgrade(engine, "0012")
    assert scalar(engine, "SELECT COUNT(*) FROM header WHERE card_images IS NULL") == 0
    schema.upgrade(engine)
    assert contents(engine, but=()) == before
    assert aomuse(db_url, "verify").code == 0


def test_an_import_goes_down_without_its_documents(
    old_2020: OldDatabase, engine: sa.Engine, db_url: str
) -> None:
    old_2020.add("M 54", insmode="x", analysisfile="X.prm.fits", data=json.dumps({"PRIMARY": {}}))
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    schema.downgrade(engine, "0012")
    assert query(engine, "SELECT DISTINCT outcome, mtime_ns FROM source_file") == [("loaded", 0)]
    assert scalar(engine, "SELECT COUNT(*) FROM header WHERE card_images IS NULL") == 0
    schema.upgrade(engine)
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 1
