"""A real browser that opens reports."""

import os
from contextlib import nullcontext
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from altair.utils.schemapi import SchemaBase
from opened import Opened

from aomuse.report import write_report
from scripts.system_packages import find_browser


@pytest.fixture(scope="module")
def browser():
    """Start Debian's Chromium; without it the tests fail, they do not skip."""
    program = find_browser()
    if program is None:
        pytest.fail(
            "chromium is missing, and these tests look at the report in it"
            " (Debian: apt-get install chromium)",
            pytrace=False,
        )
    from playwright.sync_api import sync_playwright  # only where a page is opened

    # Chromium has no sandbox for root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=options)


@pytest.fixture
def open_report(browser, tmp_path):
    """Give a function that writes a report on so many exposures, and waits until it is drawn.

    The page is quiet, and it asks nobody for anything. To hold each chart against the schema of
    Vega-Lite takes a third of the time, so Altair does it where all charts are looked at.
    """
    contexts = []

    def write_and_open(engine: sa.Engine, exposures: int, *, validated: bool = False) -> Opened:
        path = tmp_path / "report.html"
        with nullcontext() if validated else patch.object(SchemaBase, "validate"):
            assert write_report(engine, path) == exposures
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        opened = Opened(contexts[-1].new_page(), path)
        opened.page.set_default_timeout(120_000)
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri())
        opened.wait()
        assert (opened.said, opened.requests) == ([], [path.as_uri()])
        return opened

    yield write_and_open
    for context in contexts:
        context.close()
