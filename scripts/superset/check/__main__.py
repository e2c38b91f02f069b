"""Import the dashboard into a real Superset, and compare every chart with SQL.

``python -m scripts.superset.check``, which `make bi-check` runs: a private MariaDB with simulated
nights, Superset on 127.0.0.1, the dashboard opened in Chromium with several filters. A screenshot
is left in ``.bi-check``.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, text

from aomuse.db import create_engine
from scripts.mariadb_server import Server, ServerError
from scripts.superset.check.browser import Choice, Dashboard, opened
from scripts.superset.check.comparison import differences
from scripts.superset.check.expected import EXPECTED, OF_ALL_TARGETS
from scripts.superset.check.instance import ADMIN, Superset, SupersetError
from scripts.superset.check.warehouse import fill
from scripts.superset.datasets import DATASETS
from scripts.superset.generate import FOLDER, identity
from scripts.superset.pack import pack
from scripts.system_packages import find_browser

ROOT = FOLDER.parent.parent
SLUG = "aomuse"

#: Nothing chosen, as the dashboard opens; and each filter.
CHOICES = {
    "nothing": Choice(),
    "mode and target": Choice(mode="WFM-AO-N", target="NGC 6397"),
    "time": Choice(begin="2018-09-01", end="2018-10-15"),
}


def charts() -> dict[str, dict[str, Any]]:
    """Return the charts by the name of their file."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("charts/*.yaml")}


def compare(dashboard: Dashboard, connection: Connection, choice: Choice) -> Iterator[str]:
    """Open the dashboard, and compare its charts with SQL.

    Parameters
    ----------
    dashboard : Dashboard
        The dashboard.
    connection : sqlalchemy.Connection
        A connection to the warehouse.
    choice : Choice
        What is chosen in its filters.

    Yields
    ------
    str
        What is wrong, a line each.
    """
    times = {identity("dataset", dataset.name): dataset.time for dataset in DATASETS}
    shown = dashboard.show(choice)
    yield from shown.problems
    for name, chart in sorted(charts().items()):
        expected = EXPECTED[name]
        chosen = choice.condition(
            times[chart["dataset_uuid"]], of_all_targets=name in OF_ALL_TARGETS
        )
        if chart["slice_name"] not in shown.data:
            yield f"{name}: the dashboard did not ask for its data"
            continue
        result = connection.execute(text(expected.sql.format(chosen=chosen)))
        wrong = differences(
            shown.data[chart["slice_name"]],
            list(result.keys()),
            [tuple(row) for row in result],
            pivoted=expected.pivoted,
        )
        yield from (f"{name}: {line}" for line in wrong[:3])


def check(folder: Path, superset: Superset, program: str, exposures: int) -> int:
    """Run the check in an empty folder.

    Parameters
    ----------
    folder : pathlib.Path
        For everything that is made.
    superset : Superset
        A Superset that was not prepared yet.
    program : str
        Chromium.
    exposures : int
        Number of exposures to simulate.

    Returns
    -------
    int
        Number of things that are wrong.
    """
    begin, wrong = time.monotonic(), 0

    def tell(line: str) -> None:
        print(f"{time.monotonic() - begin:5.0f} s  {line}", flush=True)

    server = Server(folder / "mariadb")
    server.start(end_with_parent=True)
    try:
        uri = fill(server, folder / "nights", exposures)
        tell(f"MariaDB: {exposures} simulated exposures")
        bundle = folder / "dashboard.zip"
        pack(bundle, uri)
        superset.prepare(bundle)
        superset.start()
        tell(f"Superset: dashboard imported, {superset.url}")
        engine = create_engine(server.url)
        with (
            engine.connect() as connection,
            opened(program, superset.url, SLUG, ADMIN, superset.password) as dashboard,
        ):
            for chosen, choice in CHOICES.items():
                problems = list(compare(dashboard, connection, choice))
                wrong += len(problems)
                if choice == Choice():
                    dashboard.picture(folder / "dashboard.png")
                for problem in problems:
                    print(f"         {problem}")
                verdict = f"{len(problems)} differences" if problems else "the same as SQL"
                tell(f"{len(EXPECTED)} charts, chosen {chosen}: {verdict}")
        engine.dispose()
    finally:
        superset.stop()
        server.stop()
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name.

    Returns
    -------
    int
        Exit code: 0 every chart is right, 1 one is not, 2 something is missing or failed; only
        after 0 everything but the screenshot is removed.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, default=ROOT / ".bi-check", help="made anew")
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv-superset")
    parser.add_argument("--exposures", type=int, default=66, help="exposures to simulate")
    asked = parser.parse_args(arguments)
    folder, superset = asked.folder.resolve(), asked.environment.resolve() / "bin" / "superset"
    program = find_browser()
    if program is None or not superset.exists():
        missing = "chromium (Debian: apt-get install chromium)" if program is None else superset
        print(f"error: {missing} is missing; make bi-check installs it", file=sys.stderr)
        return 2
    # Whoever ends the check ends its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    try:
        wrong = check(folder, Superset(superset, folder / "superset"), program, asked.exposures)
    except (ServerError, SupersetError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(map(str, error.cmd))} failed:\n{error.stderr}", file=sys.stderr)
        return 2
    if not wrong:
        for made in ("mariadb", "nights", "superset"):
            shutil.rmtree(folder / made)
        (folder / "dashboard.zip").unlink()
    print(f"screenshot: {folder / 'dashboard.png'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
