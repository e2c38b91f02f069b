"""A real browser, and what it made of a report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.system_packages import find_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; without it the tests fail, they do not skip."""
    program = find_browser()
    if program is None:
        pytest.fail(
            "chromium is missing, and these tests look at the report in it"
            " (Debian: apt-get install chromium)",
            pytrace=False,
        )
    # Chromium has no sandbox for root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=options)


@dataclass
class Opened:
    """A report in the browser, and all that the browser had to say of it."""

    page: Page
    path: Path
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def data(self) -> Any:
        """The data that the page has inside."""
        return json.loads(self.page.locator("#report-data").text_content() or "")

    def wait(self, scheme: str = "light") -> None:
        """Wait until all charts are drawn."""
        self.page.wait_for_selector(f"html[data-drawn={scheme}]")

    def charts(self) -> dict[str, list[str]]:
        """Give the classes of the groups with marks in each chart."""
        return self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll("[data-chart]")].map(node =>
                [node.dataset.chart, [...node.querySelectorAll("svg .role-mark")]
                    .filter(group => group.querySelector("path, text"))
                    .map(group => group.getAttribute("class"))]))"""
        )

    def table(self, name: str) -> list[list[Any]]:
        """Give the rows of a table: exact numbers, times as text, None where there is no value."""
        cells = self.page.evaluate(
            """name => [...document.querySelectorAll(`#table-${name} tbody tr`)].map(row =>
                [...row.cells].map(cell => {
                    const exact = cell.querySelector("data, time");
                    if (!exact) return cell.textContent;
                    return exact.dateTime ?? Number(exact.value);
                }))""",
            name,
        )
        return [[None if cell == "\N{EN DASH}" else cell for cell in row] for row in cells]

    def violations(self) -> list[str]:
        """Give what axe finds against the page, its tables shown."""
        self.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        found = Axe().run(self.page)
        return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found.response["violations"]]


@pytest.fixture
def open_report(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Give a function that opens a report and waits until it is drawn."""
    contexts = []

    def open_file(path: Path, scheme: str = "light", width: int = 1280) -> Opened:
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, accept_downloads=True
        )
        contexts.append(context)
        opened = Opened(context.new_page(), path)
        opened.page.set_default_timeout(20_000)
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.as_uri())
        opened.wait(scheme)
        return opened

    yield open_file
    for context in contexts:
        context.close()
