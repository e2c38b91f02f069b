"""A report in a real browser, and what can be seen of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page


def read_data(path: Path) -> dict[str, dict[str, list[Any]]]:
    """Read the columns of each table that a page has inside, with each text where it stands."""
    inside = path.read_text().partition('id="report-data">')[2].partition("</script>")[0]
    tables = {name: table["columns"] for name, table in json.loads(inside)["data"].items()}
    for columns in tables.values():
        for name, column in columns.items():
            if isinstance(column, dict):
                texts = [*column["values"], None]  # -1 is none
                columns[name] = [texts[at] for at in column["at"]]
    return tables


@dataclass
class Opened:
    """A report in the browser, and all that the browser had to say of it."""

    page: Page
    path: Path
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def wait(self, scheme: str = "light") -> None:
        """Wait until all charts are drawn."""
        self.page.wait_for_selector(f"html[data-drawn={scheme}]")

    def resize(self, width: int) -> None:
        """Make the window so wide that legends take other lines, and wait until they have."""
        self.page.evaluate("document.documentElement.removeAttribute('data-drawn')")
        self.page.set_viewport_size({"width": width, "height": 800})
        self.wait()

    def save(self, what: str) -> str:
        """Press a button of the page that saves something, and give what it saved."""
        with self.page.expect_download() as saving:
            self.page.get_by_role("button", name=f"Save {what}").click()
        return Path(saving.value.path()).read_text()

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

    def violations(self, *rules: str) -> list[str]:
        """Give what axe finds against the page, its tables shown: by all rules, or by some."""
        self.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        from axe_playwright_python.sync_playwright import Axe

        options: dict[str, Any] = {"runOnly": rules} if rules else {}
        # What is right is counted only: naming each element of a table would take seconds.
        found = Axe().run(self.page, options=options | {"resultTypes": ["violations"]})
        return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found.response["violations"]]

    def misplaced(self) -> list[str]:
        """Give texts of charts that touch each other or leave their chart, and charts too wide."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll("[data-chart]")].flatMap(chart => {
                const name = chart.dataset.chart, svg = chart.querySelector("svg");
                const frame = svg.getBoundingClientRect(), found = [];
                const room = chart.closest("figure").getBoundingClientRect();
                if (frame.right > room.right || svg.clientWidth < 200) found.push(`${name}: cut`);
                const texts = [...svg.querySelectorAll("text")]
                    .filter(text => text.textContent && getComputedStyle(text).opacity !== "0")
                    .map(text => [text.textContent, text.getBoundingClientRect()]);
                texts.forEach(([text, box], i) => {
                    if (box.left < frame.left - 1 || box.right > frame.right + 1)
                        found.push(`${name}: ${text} leaves the chart`);
                    for (const [other, its] of texts.slice(i + 1))
                        if (Math.min(box.right, its.right) - Math.max(box.left, its.left) > 1
                            && Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top) > 3)
                            found.push(`${name}: ${text} touches ${other}`);
                });
                return found;
            })"""
        )
