"""`make bench` in small: it runs, its contestants agree, and it tells all that it says it does."""

import json
import os
import subprocess
import sys
from pathlib import Path

from scripts.bench.at_size import QUESTIONS
from scripts.bench.source_rows import RIVALS
from scripts.bench.whole_loads import LOADS
from scripts.superset.check.expected import EXPECTED

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_bench(tmp_path):
    # Three exposures have a narrow-field one among them, which is fitted twice.
    options = ["--rounds", "1", "--exposures", "3", "--sources", "2", "--many", "20"]
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench", *options, "--json", str(figures)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(figures.read_text())
    assert found["seconds_an_exposure"].keys() == LOADS.keys()
    assert found["seconds_for_source_rows"].keys() == RIVALS.keys()
    assert len(found["seconds_at_size"]) == len(QUESTIONS) + len(EXPECTED)
    for name in ("seconds_an_exposure", "seconds_for_source_rows", "seconds_for_question"):
        for way, seconds in found[name].items():
            assert len(seconds) == 1, way
            assert seconds[0] > 0, way
    # Nothing is left of its server and databases.
    assert list(tmp_path.iterdir()) == [figures]
