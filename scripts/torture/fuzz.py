"""Damaged files, loaded and read by astropy: values are equal, or an issue says why not."""

from __future__ import annotations

import contextlib
import math
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from astropy.io import fits

from aomuse.cli import main
from scripts.torture.damage import damaged
from scripts.torture.tally import Tally

#: Seconds and bytes that no file may cost, whatever it claims.
LIMIT_S, LIMIT_BYTES = 20, 2 << 30
QUANTITIES = ("snr", "flux", "fwhm", "beta", "xc", "yc")
ROLES = ("reduced", "raw", "prm", "psf")
#: Code and HDU of an issue.
Issue = tuple[str, str | None]


class Fuzzer:
    """Loads a night of one exposure, of which one file is damaged."""

    def __init__(self, root: Path, template: Path, folder: Path, tally: Tally) -> None:
        self._tally = tally
        self._template = template
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self._root = folder / "night"
        shutil.copytree(root, self._root)
        self._files = {
            "reduced": next(self._root.rglob("single/**/*.fits")),
            "raw": next(self._root.rglob("raw/**/MUSE*.fits*")),
            "prm": next(self._root.rglob("analysis/**/*.prm.fits")),
            "psf": next(self._root.rglob("analysis/**/*.psf.fits")),
        }
        self._contents = {role: file.read_bytes() for role, file in self._files.items()}
        self._usual: dict[str, set[Issue]] = {}

    def _issues(self, role: str) -> set[Issue]:
        """Return what a load says of an undamaged file."""
        self._lay(role, self._contents[role])
        database = self._load()
        assert not database[1], database[1]
        with contextlib.closing(sqlite3.connect(database[0])) as connection:
            return _issues(connection, self._files[role])

    def _lay(self, role: str, content: bytes) -> None:
        """Lay the files of a trial; a raw file, which takes longest, only where it is the one."""
        for name, file in self._files.items():
            file.write_bytes(content if name == role else self._contents[name])
        if role != "raw":
            self._files["raw"].unlink()

    def trial(self, role: str, seed: int) -> None:
        """Damage a file in one way, load it, and compare."""
        if role not in self._usual:
            self._usual[role] = self._issues(role)
        changed, done = damaged(self._contents[role], seed)
        self._lay(role, changed)
        database, problems = self._load()
        if not problems:
            file, usual = self._files[role], self._usual[role]
            problems, _ = _limited(lambda: compare(role, file, database, usual))
        problems = [f"{problem} ({', '.join(done)})" for problem in problems]
        self._tally.count("damaged files beside astropy", role, problems, seed)

    def _load(self) -> tuple[Path, list[str]]:
        """Load the night into a new database; return it, and what was wrong."""
        database = self._folder / "aomuse.db"
        for old in self._folder.glob("aomuse.db*"):
            old.unlink()
        shutil.copyfile(self._template, database)

        def load() -> list[str]:
            sys.argv = ["aomuse", "--db", f"sqlite:///{database}", "load", "--workers", "1"]
            sys.argv.append(str(self._root))
            try:
                main()
            except SystemExit as ended:
                if ended.code not in (0, 1, None):
                    return [f"exit code {ended.code}"]
            return []

        problems, said = _limited(load)
        if "Traceback" in said:
            problems.append(f"a traceback: {said[-600:]}")
        return database, problems


def _limited(work: Callable[[], list[str]]) -> tuple[list[str], str]:
    """Do something in a process of its own, within limits; return problems, and what it printed."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as found:
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            # What this process has mapped already, such as libraries, is not the file's doing.
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            limit = LIMIT_BYTES + pages * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            try:
                found.write("\n".join(" ".join(p.split()) for p in work()).encode())
            except BaseException:  # noqa: BLE001 - the parent finds it in what was printed
                traceback.print_exc()
            found.flush()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
        deadline = time.monotonic() + LIMIT_S
        status = 0
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return [f"no end after {LIMIT_S} s"], ""
            time.sleep(0.01)
        said.seek(0)
        found.seek(0)
        problems = [line for line in found.read().decode().splitlines() if line]
        if status:
            problems.append(f"the process died (status {status})")
        return problems, said.read().decode("utf-8", "replace")


# The comparison, in plain SQL, with what astropy reads


def _issues(connection: sqlite3.Connection, file: Path) -> set[Issue]:
    """Return code and HDU of what is said of a file."""
    rows = connection.execute(
        "SELECT code, extension_name FROM load_issue WHERE path = ? OR message LIKE ?",
        (str(file), f"%{file.name}%"),
    )
    return {(code, extension) for code, extension in rows}


def compare(role: str, file: Path, database: Path, usual: set[Issue]) -> list[str]:
    """Return how rows differ from what astropy reads, if no issue says so."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        ask = connection.execute
        said = _issues(connection, file) - usual
        loaded = ask("SELECT outcome FROM source_file WHERE path = ?", (str(file),)).fetchone()
        if loaded is None or loaded[0] != "loaded":
            left_out = ask(
                "SELECT 1 FROM known_file WHERE path = ? AND (left_out_reason IS NOT NULL"
                " OR is_combined)",
                (str(file),),
            ).fetchone()
            return [] if said or left_out else ["not loaded, and no issue says why"]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                differences = list(_COMPARISONS[role](file, ask))
        except Exception:  # noqa: BLE001 - astropy raises of all kinds on damaged files
            return [] if said else ["loaded without an issue, and astropy cannot read it"]
    return [] if said or not differences else differences[:3]


def _same(stored: Any, value: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return stored is None
    return bool(stored == value)


def _sources(file: Path, ask: Any) -> Iterator[str]:
    stored = {
        row[:2]: row[2:]
        for row in ask(
            f"SELECT pampelmuse_id, layer, {', '.join(QUANTITIES)} FROM source_sample s"  # noqa: S608
            " JOIN psf_fit f ON f.id = s.psf_fit_id JOIN source_file p ON p.id = f.psf_file_id"
            " WHERE p.path = ?",
            (str(file),),
        )
    }
    with fits.open(file, memmap=False) as hdus:
        for hdu in hdus[1:]:
            number = hdu.name.removeprefix("PM_")
            if not hdu.name.startswith("PM_") or not number.isdecimal():
                continue
            columns = {name.lower(): hdu.data[name] for name in hdu.columns.names}
            for layer in range(len(hdu.data)):
                row = stored.get((int(number), layer))
                if row is None:
                    yield f"{hdu.name}: layer {layer} is missing"
                    break
                for quantity, value in zip(QUANTITIES, row, strict=True):
                    if quantity in columns and not _same(value, float(columns[quantity][layer])):
                        yield f"{hdu.name}: {quantity} of layer {layer} is {value}"


def _parameters(file: Path, ask: Any) -> Iterator[str]:
    stored = {
        row[:2]: row[2]
        for row in ask(
            "SELECT parameter, layer, value FROM psf_parameter v"
            " JOIN psf_fit f ON f.id = v.psf_fit_id JOIN source_file p ON p.id = f.prm_file_id"
            " WHERE p.path = ?",
            (str(file),),
        )
    }
    with fits.open(file, memmap=False) as hdus:
        table = hdus["PSFPARS"].data
        for name, values in zip(table["name"], table["polyfit"], strict=True):
            for layer, value in enumerate(values):
                if not _same(stored.get((name.strip(), layer)), float(value)):
                    yield f"PSFPARS: {name} of layer {layer} is {stored.get((name, layer))}"


def _lasers(file: Path, ask: Any) -> Iterator[str]:
    stored = {
        row[:2]: row[2]
        for row in ask(
            "SELECT a.row_index, a.lgs, a.r0_m FROM sparta_atm a"
            " JOIN source_file p ON p.exposure_id = a.exposure_id WHERE p.path = ?",
            (str(file),),
        )
    }
    with fits.open(file, memmap=False) as hdus:
        if "SPARTA_ATM_DATA" not in hdus:
            return
        table = hdus["SPARTA_ATM_DATA"].data
        for row in range(len(table)):
            for laser in range(1, 5):
                value = float(table[f"LGS{laser}_R0"][row])
                if not _same(stored.get((row, laser)), value):
                    yield f"SPARTA_ATM_DATA: r0 of laser {laser} in row {row} is not {value}"


def _cards(file: Path, ask: Any) -> Iterator[str]:
    stored = ask(
        "SELECT k.name, c.value_type, c.value_int, c.value_float, c.value_text FROM header_card c"
        " JOIN keyword k ON k.id = c.keyword_id JOIN header h ON h.id = c.header_id"
        " JOIN source_file p ON p.id = h.source_file_id WHERE p.path = ? AND h.hdu_index = 0"
        " ORDER BY c.position",
        (str(file),),
    ).fetchall()
    with fits.open(file, memmap=False) as hdus:
        cards = [(card.keyword, card.value) for card in hdus[0].header.cards]
    if len(cards) != len(stored):
        yield f"{len(stored)} cards for {len(cards)}"
        return
    for (keyword, value), (name, _, integer, number, text) in zip(cards, stored, strict=True):
        found = next((v for v in (text, integer, number) if v is not None), None)
        is_undefined = value is None or isinstance(value, fits.card.Undefined)
        if name != keyword or not (is_undefined or _same(found, value)):
            yield f"{keyword} is {found!r} for {value!r}"


_COMPARISONS: dict[str, Callable[[Path, Any], Iterator[str]]] = {
    "psf": _sources,
    "prm": _parameters,
    "raw": _lasers,
    "reduced": _cards,
}


def seeds(first: int) -> Iterator[int]:
    """Yield the seeds of trials, from the seed of a run."""
    draw = random.Random(first)
    while True:
        yield draw.randrange(2**32)
