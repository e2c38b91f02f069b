"""A real browser that opens reports."""

import os
from pathlib import Path

import pytest
from opened import Opened

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
def open_report(browser):
    """Give a function that opens a report and waits until it is drawn."""
    contexts = []

    def open_file(path: Path, scheme: str = "light", width: int = 1280) -> Opened:
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, accept_downloads=True
        )
        contexts.append(context)
        opened = Opened(context.new_page(), path)
        opened.page.set_default_timeout(120_000)
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri())
        opened.wait(scheme)
        return opened

    yield open_file
    for context in contexts:
        context.close()
