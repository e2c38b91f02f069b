"""Take the picture of the report that the start page shows.

``python -m scripts.site.picture``: loads a simulated night, writes its report, and photographs a
section of it in Chromium (scripts/system_packages.py installs that) into ``docs/report.png``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from aomuse.db import create_engine
from aomuse.pipeline import load
from aomuse.report.writing import write_report
from aomuse.schema import upgrade
from aomuse.simulate import simulate
from scripts.site.__main__ import DOCS
from scripts.system_packages import find_browser

PICTURE = DOCS / "report.png"
#: The section of the report that the picture shows, and how much of it, in pixels.
SECTION = "gain"
WIDTH, CUT = 1000, 694
#: A window that needs no scrolling, since the list of sections would lie over the picture.
HEIGHT = 3000


def photograph(report: Path, picture: Path) -> None:
    """Photograph a section of a report.

    Parameters
    ----------
    report : pathlib.Path
        The page.
    picture : pathlib.Path
        The PNG to write.
    """
    # Chromium has no sandbox for root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=options)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-drawn=light]")
        box = page.locator(f"#{SECTION}").bounding_box()
        assert box is not None
        page.screenshot(path=picture, clip={"x": 0, "y": box["y"], "width": WIDTH, "height": CUT})
        browser.close()


def main() -> int:
    """Take the picture.

    Returns
    -------
    int
        Exit code.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(folder / "night", exposures=18, sources=4)
        engine = create_engine(f"sqlite:///{folder / 'aomuse.db'}")
        upgrade(engine)
        load(engine, [folder / "night"])
        write_report(engine, folder / "report.html")
        engine.dispose()
        photograph(folder / "report.html", PICTURE)
    print(f"wrote {PICTURE}: {PICTURE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
