"""The Superset dashboard as files: it hangs together, and its words and types are the schema's.

That Superset imports it and shows what SQL says is looked at by `make bi-check`.
"""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from warehouse import execute, query

from aomuse.pipeline import load
from aomuse.query.refresh import all_views
from aomuse.simulate import simulate
from scripts.superset import generate
from scripts.superset.check.expected import EXPECTED, OF_ALL_TARGETS
from scripts.superset.datasets import DATASETS

#: What a type of MariaDB is to Superset.
FAMILIES = dict.fromkeys(("INTEGER", "SMALLINT", "TINYINT"), "BIGINT")
FAMILIES |= dict.fromkeys(("LONGTEXT", "MEDIUMTEXT", "VARCHAR"), "STRING")


def files(kind: str) -> dict[str, dict[str, Any]]:
    """Give the content of the files of a kind by name."""
    paths = sorted((generate.FOLDER / kind).rglob("*.yaml"))
    return {path.stem: yaml.load(path.read_text(), yaml.CSafeLoader) for path in paths}


CHARTS, DATASET_FILES = files("charts"), files("datasets")
BY_UUID = {content["uuid"]: content for content in DATASET_FILES.values()}
(DASHBOARD,) = files("dashboards").values()
#: The charts as the dashboard places them.
PLACED = [
    part["meta"]
    for part in DASHBOARD["position"].values()
    if isinstance(part, dict) and part["type"] == "CHART"
]


def columns_of(dataset: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {column["column_name"]: column for column in dataset["columns"]}


def metrics_of(dataset: dict[str, Any]) -> dict[str, str]:
    return {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}


def source_of(dataset: dict[str, Any]) -> str:
    return f"({dataset['sql']}) q" if dataset["sql"] else f"{dataset['table_name']} q"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("night")
    simulate(folder, exposures=2, sources=2, layers=24)
    return folder


@pytest.fixture
def backend(mariadb_server):
    """Superset is for MariaDB."""
    return "mariadb"


def test_the_datasets_are_those_of_the_views(tmp_path, capsys):
    assert generate.main(["--check"]) == 0, capsys.readouterr().err
    at = ["--folder", str(tmp_path)]
    assert generate.main(at) == 0
    (tmp_path / "v_night.yaml").write_text("by hand\n")
    (tmp_path / "of_yesterday.yaml").write_text("")
    capsys.readouterr()
    assert generate.main([*at, "--check"]) == 1
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == [
        "bi/superset/datasets/aomuse/of_yesterday.yaml",
        "bi/superset/datasets/aomuse/v_night.yaml",
    ]
    assert generate.main(at) == 0
    assert generate.main([*at, "--check"]) == 0


def test_columns_have_the_meanings_and_types_of_the_database(engine):
    with engine.connect() as connection:
        views = {view.name: view for view in all_views(connection)}
        inspector = sa.inspect(connection)
        for dataset in DATASETS:
            content = DATASET_FILES[dataset.name]
            rows = connection.exec_driver_sql(f"SELECT * FROM {source_of(content)} LIMIT 0")
            names, columns = list(rows.keys()), columns_of(content)
            own = {extra.name for extra in dataset.extras}
            assert [name for name in columns if name not in own] == names
            of = {name: part for part, _, taken in dataset.parts for name in taken}
            for name in names:
                part, shown = of.get(name, dataset.name), columns[name]
                (real,) = [c for c in inspector.get_columns(part) if c["name"] == name]
                meanings = {c.name: c.comment for c in views[part].columns} if part in views else {}
                assert shown["description"] == meanings.get(name, real["comment"])
                kind = re.split(r"\W", str(real["type"]))[0]
                assert shown["type"] == FAMILIES.get(kind, kind), (dataset.name, name)
                assert shown["is_dttm"] == (kind in {"DATE", "DATETIME"})


def test_metrics_and_own_columns_are_sql_that_runs(engine, tree, load_once):
    load_once(tree)
    for content in DATASET_FILES.values():
        source = source_of(content)
        metrics = ", ".join(metrics_of(content).values())
        assert len(query(engine, f"SELECT {metrics} FROM {source}")) == 1
        for column in content["columns"]:
            if own := column.get("expression"):
                assert query(engine, f"SELECT {own} FROM {source}") or "prediction" in source


def listed(params: dict[str, Any], *keys: str) -> list[str]:
    """Give what stands at some keys, as a text or as a list."""
    values = [params.get(key) or [] for key in keys]
    return [n for value in values for n in ([value] if isinstance(value, str) else value)]


def used(params: dict[str, Any]) -> list[str]:
    """Give the columns and metrics that a chart asks for."""
    keys = ("metric", "metrics", "groupby", "x_axis", "entity", "series", "x", "y", "size")
    conditions = [condition["subject"] for condition in params["adhoc_filters"]]
    orders = [json.loads(order)[0] for order in params.get("order_by_cols") or []]
    return [*listed(params, *keys, "all_columns"), *conditions, *orders]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_asks_for_what_its_dataset_has(name):
    chart = CHARTS[name]
    assert chart["uuid"] == generate.identity("chart", name)
    assert chart["description"]
    assert chart["params"]["viz_type"] == chart["viz_type"]
    dataset = BY_UUID[chart["dataset_uuid"]]
    asked = used(chart["params"])
    assert len(asked) > 1
    assert set(asked) <= columns_of(dataset).keys() | metrics_of(dataset).keys()
    # without it the dashboard's time filter would leave the chart alone
    times = [c for c in chart["params"]["adhoc_filters"] if c["operator"] == "TEMPORAL_RANGE"]
    assert [c["subject"] for c in times] == [dataset["main_dttm_col"]]


def places_of(name):
    """Give what a chart has a mark for, as SQL, and where its rows come from; None if it counts."""
    dataset, params = BY_UUID[CHARTS[name]["dataset_uuid"]], CHARTS[name]["params"]
    columns, metrics = columns_of(dataset), metrics_of(dataset)
    asked = {metrics[n] for n in used(params) if n in metrics}
    if all(expression.startswith(("COUNT(", "SUM(", "COALESCE(SUM(")) for expression in asked):
        return None
    wanted = [
        f"{c['subject']} {c['operator']}".replace("==", "=")
        + ("" if c["comparator"] is None else f" '{c['comparator']}'")
        for c in params["adhoc_filters"]
        if c["operator"] != "TEMPORAL_RANGE"
    ]
    names = listed(params, "x_axis", "groupby", "entity", "series")
    places = ", ".join(columns[n].get("expression") or n for n in names)
    return places, f"{source_of(dataset)} WHERE {' AND '.join(wanted) or '1 = 1'}"


def test_no_mark_of_a_chart_averages_over_modes(engine, full_night):
    load(engine, [full_night[0].raw.parents[1]])
    execute(engine, "UPDATE exposure SET target_id = 1")
    averaging = {name: asked for name in CHARTS if (asked := places_of(name))}
    assert len(averaging) > 12
    for name, (places, source) in averaging.items():
        statement = f"SELECT COUNT(DISTINCT instrument_mode) FROM {source} GROUP BY {places}"
        marks = query(engine, statement)
        assert marks or "predicted" in name, name
        assert {*marks} <= {(1,)}, name


def test_the_dashboard_shows_every_chart_once():
    position = DASHBOARD["position"]
    names = sorted((chart["uuid"], chart["slice_name"]) for chart in CHARTS.values())
    assert sorted((meta["uuid"], meta["sliceName"]) for meta in PLACED) == names
    assert len({meta["chartId"] for meta in PLACED}) == len(PLACED)
    for key, part in position.items():
        if isinstance(part, dict):
            for child in part.get("children", []):
                assert position[child]["parents"][-1] == key
            if part["type"] == "ROW":
                assert sum(position[child]["meta"]["width"] for child in part["children"]) == 12


def test_the_filters_ask_for_columns_that_exist():
    filters = DASHBOARD["metadata"]["native_filter_configuration"]
    assert [f["name"] for f in filters] == ["Target", "Mode", "Time (UTC)"]
    numbers = {meta["chartId"]: meta["uuid"] for meta in PLACED}
    for chosen in filters[:2]:
        (target,) = chosen["targets"]
        column = target["column"]["name"]
        assert column in columns_of(BY_UUID[target["datasetUuid"]])
        left_out = {numbers[number] for number in chosen["scope"]["excluded"]}
        for name, chart in CHARTS.items():
            known = column in columns_of(BY_UUID[chart["dataset_uuid"]])
            assert known == (chart["uuid"] not in left_out), name
            if column == "target":
                assert known == (name not in OF_ALL_TARGETS)


def test_the_database_is_written_to_by_nobody():
    (database,) = files("databases").values()
    assert database["uuid"] == generate.identity("database", "aomuse")
    assert {d["database_uuid"] for d in DATASET_FILES.values()} == {database["uuid"]}
    allowed = ("allow_dml", "allow_ctas", "allow_cvas", "allow_file_upload", "allow_run_async")
    assert not any(database[name] for name in allowed)


def test_the_check_knows_every_chart(engine, tree, load_once):
    assert set(EXPECTED) == set(CHARTS)
    load_once(tree)
    modes = ("1 = 1", "instrument_mode = 'WFM-AO-N'")
    empty = {
        name
        for name, expected in EXPECTED.items()
        if [] in [query(engine, expected.sql.format(chosen=chosen)) for chosen in modes]
    }
    # two exposures of the wide field, which nobody predicted, in cubes of few layers
    words = ("predicted", "narrow", "issues", "gain", "residuals", "over_the_wide_field")
    assert empty <= {name for name in EXPECTED if any(word in name for word in words)}
