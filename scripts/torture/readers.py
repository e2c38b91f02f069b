"""Readers beside writers: what they give while exposures are replaced all the time."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.torture.commands import Command, run
from scripts.torture.databases import Database
from scripts.torture.ground import Ground, contents
from scripts.torture.invariants import broken
from scripts.torture.tally import Tally

#: Prints the frames that a user gets, without numbers of rows, which change.
_FRAMES = """
import sys
import pandas as pd
import aomuse

db = aomuse.connect(sys.argv[1])
frames = [db.exposures(), db.psf(), db.sources(), *db.sources(chunk_rows=37)]
frames = [*frames[:3], pd.concat(frames[3:], ignore_index=True)]
for frame in frames:
    kept = frame[[name for name in frame.columns if not name.endswith("issue_count")]]
    lines = kept.to_csv(index=False, float_format="%r").splitlines()
    print("\\n".join([lines[0], *sorted(lines[1:])]))
"""


def frames_of(url: str) -> tuple[str, str]:
    """Return frames as text, and what went wrong."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FRAMES, url],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


class Reader:
    """Reads a database while it is loaded again and again."""

    kinds = ("export", "verify", "frames")

    def __init__(self, database: Database, ground: Ground, folder: Path, tally: Tally) -> None:
        self._database = database
        self._ground = ground
        self._folder = folder
        self._tally = tally
        database.empty()
        for arguments in (("migrate",), ("load", ground.root)):
            run(database.url, *arguments)
        self._frames, _ = frames_of(database.url)

    def trial(self, kind: str, seed: int) -> None:
        """Read once or more while a load replaces everything."""
        draw = random.Random(seed)
        url = self._database.url
        writer = Command(
            url, "load", "--reload", "--workers", str(draw.choice((1, 2))), self._ground.root
        )
        problems: list[str] = []
        reads = 0
        while reads == 0 or writer.process.poll() is None:
            reads += 1
            problems += self._read(kind)
        problems += writer.wait().problems(0)
        problems += broken(self._database, self._ground.wanted, whole=True)
        part = f"readers beside writers, {self._database.engine}"
        self._tally.count(part, kind, problems, seed)

    def _read(self, kind: str) -> list[str]:
        url = self._database.url
        if kind == "frames":
            text, error = frames_of(url)
            if error:
                return [f"frames: {error[-400:]}"]
            return [] if text == self._frames else ["frames differ from those of a quiet database"]
        if kind == "verify":
            return run(url, "verify", self._ground.root).problems(0)
        out = self._folder / "read"
        shutil.rmtree(out, ignore_errors=True)
        problems = run(url, "export", "seed-json", out).problems(0)
        if not problems and contents(out) != self._ground.exported:
            problems = ["the export differs from that of a quiet database"]
        return problems
