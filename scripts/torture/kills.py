"""Kills at random moments of every command that touches a database."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from scripts.torture.commands import Command, run
from scripts.torture.databases import Database, Sqlite
from scripts.torture.ground import Ground, contents
from scripts.torture.invariants import Digests, broken, differences, digests, running_runs
from scripts.torture.tally import Tally

PREDICTIONS = "psf_prediction"


class Killer:
    """Kills commands on one database, and checks after each what is left."""

    def __init__(self, database: Database, ground: Ground, folder: Path, tally: Tally) -> None:
        self._database = database
        self._ground = ground
        self._folder = folder
        self._tally = tally
        self._random = random.Random()
        self._trials: dict[str, Callable[[], list[str]]] = {
            "migrate": self._migrate,
            "load": self._load,
            "load --reload": self._reload,
            "metrics --recompute": self._metrics,
            "predict": self._predict,
            "import-blobs": self._import,
            "backup": self._backup,
            "restore": self._restore,
            "drop": self._drop,
            "verify": self._verify,
            "export": self._export,
        }
        self._hit = False
        #: A file with a whole backup, from which a trial starts.
        self._whole = folder / "whole.backup"

    @property
    def commands(self) -> tuple[str, ...]:
        """Names of the commands."""
        return tuple(self._trials)

    def trial(self, command: str, seed: int) -> None:
        """Kill a command once; check what is left; let it finish; check that all is there."""
        self._random.seed(seed)
        self._hit = False
        problems = self._trials[command]()
        part = f"kill -9, {self._database.engine}"
        self._tally.count(part, command, problems, seed, hit=self._hit)
        if problems:
            self._database.empty()

    # What the trials share

    def _kill(self, name: str, *arguments: str | Path) -> list[str]:
        """Start a command and kill it somewhere between its start and its usual end."""
        moment = self._random.uniform(0.1, 1.05) * self._ground.seconds[name]
        only_main = self._random.random() < 0.4
        command = Command(self._database.url, *arguments)
        time.sleep(moment)
        self._hit = command.process.poll() is None
        command.kill(only_main=only_main)
        ended = command.wait()
        problems = ended.problems()
        if not command.is_gone():
            problems.append("its workers did not end")
        return problems

    def _finish(self, *arguments: str | Path, codes: tuple[int, ...] = (0,)) -> list[str]:
        return run(self._database.url, *arguments).problems(*codes)

    def _broken(self, wanted: Digests, *, whole: bool) -> list[str]:
        return broken(self._database, wanted, whole=whole)

    def _start_loaded(self) -> list[str]:
        """Make the database as an undisturbed load leaves it, unless it is."""
        if digests(self._database) == self._ground.wanted:
            return []
        self._database.empty()
        return self._finish("restore", self._whole)

    def _start_empty(self) -> list[str]:
        self._database.empty()
        return self._finish("migrate")

    # The trials

    def _migrate(self) -> list[str]:
        self._database.empty()
        problems = self._kill("migrate", "migrate")
        return problems + self._finish("migrate") + self._fill()

    def _fill(self) -> list[str]:
        """Load until all is there, after which no run says that it is running."""
        problems = self._finish("load", self._ground.root)
        problems += self._broken(self._ground.wanted, whole=True)
        if running_runs(self._database):
            problems.append("a run says that it is running")
        return problems

    def _load(self) -> list[str]:
        problems = self._start_empty() + self._kill("load", "load", self._ground.root)
        return problems + self._broken(self._ground.wanted, whole=False) + self._fill()

    def _reload(self) -> list[str]:
        arguments = "load", "--reload", self._ground.root
        problems = self._start_loaded() + self._kill("load --reload", *arguments)
        return problems + self._broken(self._ground.wanted, whole=True) + self._fill()

    def _metrics(self) -> list[str]:
        arguments = "metrics", "--recompute"
        problems = self._start_loaded() + self._kill("metrics --recompute", *arguments)
        problems += differences(
            digests(self._database), self._ground.wanted, whole=True, but="exposure_metric"
        )
        problems += self._finish(*arguments)
        return problems + self._broken(self._ground.wanted, whole=True)

    def _predict(self) -> list[str]:
        problems = self._start_loaded() + self._kill("predict", "predict")
        problems += self._broken_predictions(some=True) + self._finish("predict")
        problems += self._broken_predictions(some=False)
        self._database.empty()
        return problems

    def _broken_predictions(self, *, some: bool) -> list[str]:
        found, wanted = digests(self._database), self._ground.predicted
        without = {
            name: {t: text for t, text in tables.items() if not t.startswith(PREDICTIONS)}
            for name, tables in wanted.items()
        }
        return [
            problem
            for name, tables in found.items()
            for problem in differences({name: tables}, {name: wanted[name]}, whole=True)
            if not (some and tables == without[name])
        ]

    def _import(self) -> list[str]:
        url = f"sqlite:///{self._ground.old}"
        problems = self._start_empty() + self._kill("import-blobs", "import-blobs", url)
        problems += self._broken(self._ground.imported, whole=False)
        problems += self._finish("import-blobs", url)
        problems += self._broken(self._ground.imported, whole=True)
        self._database.empty()
        return problems

    def _backup(self) -> list[str]:
        problems = self._start_loaded()
        file = self._folder / "killed.backup"
        file.unlink(missing_ok=True)
        problems += self._kill("backup", "backup", file)
        problems += self._broken(self._ground.wanted, whole=True)
        if file.exists():
            self._database.empty()
            problems += self._finish("restore", file)
            problems += self._broken(self._ground.wanted, whole=True)
        file.unlink(missing_ok=True)
        return problems + self._finish("backup", file)

    def _restore(self) -> list[str]:
        self._database.empty()
        problems = self._kill("restore", "restore", self._whole)
        if digests(self._database) != self._ground.wanted:
            # What is left of a restore is no warehouse: a load refuses it or fills it.
            problems += run(self._database.url, "load", self._ground.root).problems(0, 2)
            problems += self._finish("drop", "--yes")
            problems += self._finish("restore", self._whole)
        return problems + self._broken(self._ground.wanted, whole=True)

    def _drop(self) -> list[str]:
        problems = self._start_loaded() + self._kill("drop", "drop", "--yes")
        problems += self._finish("drop", "--yes")
        left = sorted(self._database.tables()) if self._exists() else []
        problems += [f"drop left the table {name}" for name in left]
        return problems + self._finish("migrate") + self._fill()

    def _exists(self) -> bool:
        return not isinstance(self._database, Sqlite) or self._database.file.exists()

    def _verify(self) -> list[str]:
        arguments = "verify", self._ground.root
        problems = self._start_loaded() + self._kill("verify", *arguments)
        return problems + self._broken(self._ground.wanted, whole=True) + self._finish(*arguments)

    def _export(self) -> list[str]:
        problems = self._start_loaded()
        out = self._folder / "killed"
        shutil.rmtree(out, ignore_errors=True)
        arguments = "export", "seed-json", out
        problems += self._kill("export", *arguments)
        problems += [
            f"the export of {name} is not whole"
            for name, text in contents(out).items()
            if text != self._ground.exported.get(name)
        ]
        problems += self._broken(self._ground.wanted, whole=True) + self._finish(*arguments)
        if contents(out) != self._ground.exported:
            problems.append("the export after a killed one is another one")
        return problems
