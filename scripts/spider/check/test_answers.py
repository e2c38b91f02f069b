"""The head answers as one database does."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from scripts.spider.check.cluster import SAMPLES, Warehouse


def test_every_view(ordinary: Warehouse, spread: Warehouse) -> None:
    """Every view has the same values on the head, doubles to the bit."""
    names = sa.inspect(ordinary.engine).get_view_names()
    assert len(names) > 30
    assert names == sa.inspect(spread.engine).get_view_names()
    for name in names:
        query = f"SELECT * FROM {name}"  # noqa: S608 - own names
        assert ordinary.rows(query) == spread.rows(query), name


def test_verify(spread: Warehouse, tree: Path) -> None:
    """Every value of the files is found again."""
    assert spread.differences(tree) == []


def test_samples_are_on_their_nodes_alone(ordinary: Warehouse, spread: Warehouse) -> None:
    """The head has no rows of its own, each node those of its buckets."""
    assert spread.on_nodes() == spread.by_analysis()
    assert sum(spread.on_nodes().values()) == len(ordinary.rows(SAMPLES)) > 0
    assert {fit % 2 for fit in spread.on_nodes()} == {0, 1}


def test_a_node_refuses_what_is_not_its_own(spread: Warehouse) -> None:
    """A row that goes astray is an error."""
    astray = "INSERT INTO source_sample_002 (psf_fit_id, layer, pampelmuse_id) VALUES (67, 0, 1)"
    with pytest.raises(sa.exc.DBAPIError, match="bucket"), spread.nodes[0].begin() as connection:
        connection.exec_driver_sql(astray)
