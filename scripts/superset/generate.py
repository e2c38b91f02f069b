"""Write the datasets in ``bi/superset/datasets``, or look whether they are current.

``python -m scripts.superset.generate [--check]``, which `make docs` and `make docs-check` run.
Columns and meanings are those of the views, so that the dashboard explains itself in the words of
the data dictionary.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from scripts.superset.datasets import DATASETS
from scripts.superset.specifications import Column, Dataset
from scripts.written_files import settle

FOLDER = Path(__file__).resolve().parent.parent.parent / "bi" / "superset"
DATASET_FOLDER = FOLDER / "datasets" / "aomuse"

#: Identifies what is ours in a Superset, at every import the same.
_NAMESPACE = uuid.UUID("0b7f34c1-5a0e-4f0b-8a53-0c5d6d1f9a2e")
_NOTICE = "# Written by `make docs` from the views; changes made here are lost.\n"


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML is untyped
    """Writes a query over several lines, as people do."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def identity(kind: str, name: str) -> str:
    """Return the UUID of a thing in Superset.

    Parameters
    ----------
    kind : str
        ``database``, ``dataset``, ``chart`` or ``dashboard``.
    name : str
        Its name.

    Returns
    -------
    str
        The same for the same name.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


def dataset_files() -> dict[str, str]:
    """Return the files of the datasets.

    Returns
    -------
    dict
        Name of the file, and its YAML.
    """
    return {
        f"{dataset.name}.yaml": _NOTICE
        + yaml.dump(
            _content(dataset), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
        )
        for dataset in DATASETS
    }


#: What columns that charts show are called there.
_LABELS = {
    "instrument_mode": "Mode",
    "target": "Target",
    "date_obs_utc": "Start (UTC)",
    "night": "Night",
    "month": "Month",
    "laser": "Laser",
    "severity": "Severity",
    "code": "Code",
    "extension_name": "Extension",
    "message": "Message",
    "wavelength_10nm": "Wavelength, nm",
    "wavelength": "Wavelength",
}


def _content(dataset: Dataset) -> dict[str, Any]:
    return {
        "table_name": dataset.name,
        "main_dttm_col": dataset.time,
        "description": dataset.meaning,
        "sql": dataset.sql(),
        "filter_select_enabled": True,
        "columns": [
            *(_column(column) for column in dataset.columns()),
            *(
                {
                    "column_name": extra.name,
                    "verbose_name": _LABELS.get(extra.name),
                    "type": extra.kind,
                    "expression": extra.expression,
                    "description": extra.meaning,
                    "is_dttm": False,
                    "groupby": True,
                    "filterable": True,
                }
                for extra in dataset.extras
            ),
        ],
        "metrics": [
            {
                "metric_name": metric.name,
                "verbose_name": metric.label,
                "expression": metric.expression,
                "description": metric.meaning,
                "d3format": metric.d3format,
            }
            for metric in dataset.metrics
        ],
        "uuid": identity("dataset", dataset.name),
        "database_uuid": identity("database", "aomuse"),
        "version": "1.0.0",
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "column_name": column.name,
        "verbose_name": _LABELS.get(column.name),
        "type": column.kind,
        "is_dttm": column.kind in {"DATE", "DATETIME"},
        "groupby": True,
        "filterable": True,
        "description": column.meaning,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the datasets, or check them.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name.

    Returns
    -------
    int
        Exit code: 1 where ``--check`` finds a dataset that is out of date.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is outdated")
    parser.add_argument("--folder", type=Path, default=DATASET_FOLDER, help="folder of the files")
    asked = parser.parse_args(arguments)
    files = dataset_files()
    leftovers = {path for path in asked.folder.glob("*.yaml") if path.name not in files}
    return settle(
        asked.folder,
        files,
        shown_as=DATASET_FOLDER.relative_to(FOLDER.parent.parent).as_posix(),
        check=asked.check,
        leftovers=leftovers,
    )


if __name__ == "__main__":
    sys.exit(main())
