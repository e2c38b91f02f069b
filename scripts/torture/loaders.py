"""Three loads at once on one MariaDB database, of which one may be killed."""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

from scripts.torture.commands import Command, run
from scripts.torture.databases import MariaDb
from scripts.torture.ground import run_well
from scripts.torture.invariants import Digests, broken, digests, orphans, running_runs
from scripts.torture.tally import Tally

LOADERS = 3
#: Tables whose rows belong to the schema.
_OF_SCHEMA = {"alembic_version", "wavelength_window", "view_state"}


class Loaders:
    """Loads one night by three commands: the same roots, other exposures, or pieces of them."""

    kinds = ("one tree", "disjoint trees", "pieces of exposures")

    def __init__(self, database: MariaDb, root: Path, folder: Path, tally: Tally) -> None:
        """Load the night once, and lay it out below three roots in two ways."""
        self._database = database
        self._tally = tally
        thirds = [folder / f"third-{number}" for number in range(LOADERS)]
        raws = sorted({path.name[:28] for path in (root / "raw").iterdir()})
        for path in (path for path in root.rglob("*") if path.is_file()):
            if (number := _number(path, raws)) is not None:
                place = thirds[number % LOADERS] / path.relative_to(root)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, place)
        self._roots = {
            "one tree": [root] * LOADERS,
            "disjoint trees": thirds,
            "pieces of exposures": [root / name for name in ("single", "raw", "analysis")],
        }
        self._wanted: dict[str, Digests] = {}
        self._seconds = 1.0
        run_well(database, "migrate")
        for kind in self.kinds:
            self._start_empty()
            for each in dict.fromkeys(self._roots[kind]):
                self._seconds = run_well(database, "load", each).seconds
            self._wanted[kind] = digests(database)

    def trial(self, kind: str, seed: int) -> None:
        """Load by three commands, kill one of them or none, and load what is left."""
        chance = random.Random(seed)
        roots = self._roots[kind]
        self._start_empty()
        loaders = []
        for root in roots:
            workers = str(chance.choice((1, 2)))
            loaders.append(Command(self._database.url, "load", "--workers", workers, root))
            time.sleep(chance.uniform(0, 0.3))
        killed = chance.choice((*loaders, None))
        hit = killed is None
        if killed is not None:
            time.sleep(chance.uniform(0.1, 1.5) * self._seconds)
            hit = killed.process.poll() is None
            killed.kill(only_main=chance.random() < 0.4)
        problems = []
        for loader in loaders:
            ended = loader.wait()
            problems += ended.problems(*(() if loader is killed else (0,)))
            if loader is not killed and ended.err:
                problems.append(f"a load said: {ended.err[-300:]}")
        whole = killed is None or kind == "one tree"
        problems += self._broken(kind, whole=whole)
        for root in dict.fromkeys(roots):
            problems += run(self._database.url, "load", root).problems(0)
        problems += self._broken(kind, whole=True)
        with self._database.ask() as ask:
            if ask("SELECT COUNT(*) FROM load_issue WHERE code = 'not_stored'")[0][0]:
                problems.append("an exposure was said not to be stored")
            if ask("SELECT path FROM source_file GROUP BY path HAVING COUNT(*) > 1"):
                problems.append("a file is stored twice")
        if running_runs(self._database):
            problems.append("a run says that it is running")
        self._tally.count("three loads at once", kind, problems, seed, hit=hit)

    def _broken(self, kind: str, *, whole: bool) -> list[str]:
        if kind == "pieces of exposures" and not whole:
            # What was loaded of an exposure without its other pieces is not the whole of it.
            return orphans(self._database) + self._database.faults()
        return broken(self._database, self._wanted[kind], whole=whole)

    def _start_empty(self) -> None:
        """Take all rows away; a schema made anew would take longer than the loads."""
        tables = self._database.tables().keys() - _OF_SCHEMA
        with self._database.ask() as ask:
            ask("SET foreign_key_checks = 0")
            for table in sorted(tables):
                ask(f"TRUNCATE TABLE `{table}`")


def _number(path: Path, raws: list[str]) -> int | None:
    """Return the number of the exposure that a simulated file belongs to."""
    if path.parent.name == "raw":
        return raws.index(path.name[:28]) + 1
    found = re.search(r"DATACUBE_.*_(\d{4})\.", path.name)
    return int(found[1]) if found else None
