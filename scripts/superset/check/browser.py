"""The dashboard in Chromium: what its charts ask Superset for and get, and how it looks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, Response, Route, ViewportSize, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

#: Wide as a screen, and high enough for the whole dashboard.
_VIEWPORT: ViewportSize = {"width": 1600, "height": 5200}
_DATA = "/api/v1/chart/data"


@dataclass(frozen=True)
class Choice:
    """What somebody chose in the dashboard's filters; empty where nothing."""

    mode: str = ""
    target: str = ""
    begin: str = ""
    end: str = ""

    def parameter(self) -> str:
        """Return the part of the dashboard's address that chooses the same (in Rison)."""
        filters = []
        for name, column, value in (
            ("mode", "instrument_mode", self.mode),
            ("target", "target", self.target),
        ):
            if value:
                asked = f"(filters:!((col:{column},op:IN,val:!('{value}'))))"
                filters.append(_filter(name, asked, f"!('{value}')"))
        if self.begin:
            span = f"'{self.begin} : {self.end}'"
            filters.append(_filter("time", f"(time_range:{span})", span))
        return f"?native_filters={quote('(' + ','.join(filters) + ')')}" if filters else ""

    def condition(self, time: str, *, of_all_targets: bool) -> str:
        """Return the same as SQL.

        Parameters
        ----------
        time : str
            The column that the time filter asks.
        of_all_targets : bool
            Whether the chart is left alone by the filter of targets.

        Returns
        -------
        str
            A condition.
        """
        conditions = ["1 = 1"]
        if self.mode:
            conditions.append(f"instrument_mode = '{self.mode}'")
        if self.target and not of_all_targets:
            conditions.append(f"target = '{self.target}'")
        if self.begin:
            conditions.append(f"{time} >= '{self.begin}' AND {time} < '{self.end}'")
        return " AND ".join(conditions)


def _filter(name: str, asked: str, value: str) -> str:
    key = f"NATIVE_FILTER-{name}"
    return f"{key}:(extraFormData:{asked},filterState:(value:{value}),id:{key},ownState:())"


@dataclass
class Shown:
    """What the dashboard showed: the data of each chart by name, and what went wrong."""

    data: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Dashboard:
    """The dashboard, opened by somebody who is logged in."""

    def __init__(self, page: Page, url: str, slug: str) -> None:
        self._page, self._address = page, f"{url}/superset/dashboard/{slug}/"
        charts = page.request.get(f"{url}/api/v1/dashboard/{slug}/charts").json()
        self.names: dict[int, str] = {
            chart["id"]: chart["slice_name"] for chart in charts["result"]
        }

    def show(self, choice: Choice, timeout: float = 180.0) -> Shown:
        """Open the dashboard, and wait until all charts are drawn.

        Parameters
        ----------
        choice : Choice
            What is chosen in its filters.
        timeout : float
            Seconds to wait.

        Returns
        -------
        Shown
            The data of the charts.
        """
        shown = Shown()

        def keep(response: Response) -> None:
            if _DATA not in response.url or not response.request.post_data_json:
                return
            number = response.request.post_data_json.get("form_data", {}).get("slice_id")
            if number not in self.names:
                return  # the choices of a filter
            name, body = self.names[number], response.json()
            if response.status == 200:
                shown.data[name] = [row for part in body["result"] for row in part["data"]]
            else:
                shown.problems.append(f"{name}: {response.status} {body}")

        self._page.on("response", keep)
        try:
            self._page.goto(self._address + choice.parameter())
            self._page.wait_for_function(
                """count => document.querySelectorAll('.dashboard-chart').length >= count
                    && !document.querySelector('.loading, [data-test="loading-indicator"]')""",
                arg=len(self.names),
                timeout=1000 * timeout,
            )
            self._page.wait_for_load_state("networkidle")
            self._page.wait_for_timeout(2000)  # charts grow into place
        except PlaywrightTimeout:
            shown.problems.append(f"the dashboard was not drawn within {timeout:g} s")
        finally:
            self._page.remove_listener("response", keep)
        return shown

    def picture(self, path: Path) -> None:
        """Take a screenshot of the whole dashboard."""
        self._page.screenshot(path=path, full_page=True)


@contextlib.contextmanager
def opened(program: str, url: str, slug: str, user: str, password: str) -> Iterator[Dashboard]:
    """Log in to Superset in Chromium, which is kept from asking any other host.

    Parameters
    ----------
    program : str
        Chromium.
    url : str
        Superset.
    slug : str
        Name of the dashboard in its address.
    user, password : str
        Superset's account.

    Yields
    ------
    Dashboard
        The dashboard.
    """

    def only_ours(route: Route) -> None:
        if route.request.url.startswith((url, "data:", "blob:")):
            route.continue_()
        else:
            route.abort()

    options = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        page = browser.new_page(viewport=_VIEWPORT, timezone_id="America/Santiago")
        page.route("**/*", only_ours)
        page.goto(f"{url}/login/")
        page.fill("#username", user)
        page.fill("#password", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda address: "/login" not in address)
        yield Dashboard(page, url, slug)
        browser.close()
