"""Commands at size: what a person waits for when there is nothing to do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa


def time_commands(engine: sa.Engine, root: Path) -> dict[str, str]:
    """Return seconds of commands on a warehouse, as texts; of the report its size too.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A warehouse of many exposures.
    root : pathlib.Path
        The tree that the first of them were loaded from, unchanged.
    """
    page = root.parent / "report.html"
    page.unlink(missing_ok=True)
    url = engine.url.render_as_string(hide_password=False)
    shown = {
        "aomuse status": f"{_seconds(url, 'status'):.1f} s",
        "aomuse load without news": f"{_seconds(url, 'load', str(root)):.1f} s",
    }
    seconds = _seconds(url, "report", str(page))
    shown["aomuse report"] = f"{seconds:.1f} s, {page.stat().st_size / 1e6:.1f} MB"
    return shown


def _seconds(url: str, *arguments: str) -> float:
    begun = time.perf_counter()
    done = subprocess.run(
        [Path(sys.executable).with_name("aomuse"), *arguments],
        env=os.environ | {"AOMUSE_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench: aomuse {arguments[0]} failed: {done.stderr[-500:]}")
    return time.perf_counter() - begun
