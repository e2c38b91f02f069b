"""What a load shows: a bar on a terminal, a line for each exposure elsewhere."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from aomuse.cli.output import echo
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Listener, Result, Summary, counted
from aomuse.paths import shown

if TYPE_CHECKING:
    from aomuse.exchange.files import Discovery


class Progress(Listener):
    """Shows a load on standard output, and what is wrong on standard error."""

    def __init__(
        self, *, show_bar: bool = True, show_left_out: bool = False, unit: str = "exposure"
    ) -> None:
        self._show_left_out = show_left_out
        self._unit = unit
        self._show_bar = show_bar and sys.stderr.isatty()
        self._bar: Any = None
        self.severities: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def on_wait(self, text: str) -> None:
        """Tell who holds the database."""
        self.say(text, err=True)

    def on_notice(self, text: str) -> None:
        """Tell something that concerns the whole load."""
        self.say(f"warning: {text}", err=True)

    def on_found(self, discovery: Discovery) -> None:
        """Tell of files that belong to no exposure, and begin the bar."""
        for issue in discovery.issues:
            self._tell(issue)
        if self._show_left_out:
            for file, why in discovery.left_out:
                self.say(f"left out: {file}: {why}")
        self.on_total(len(discovery.exposures))

    def on_total(self, total: int) -> None:
        """Begin the bar."""
        if self._show_bar:
            # Without the thread that looks after bars that count in large steps: this one does not.
            # Worker processes start by a fork only where there are no threads.
            tqdm.monitor_interval = 0
            unit = self._unit
            self._bar = tqdm(total=total, unit=unit, miniters=1, dynamic_ncols=True, leave=False)

    def on_result(self, result: Result) -> None:
        """Show one exposure."""
        for issue in result.issues:
            self._tell(issue)
        if self._bar is not None:
            self.advance(result.label)
        elif result.outcome != "unchanged":
            self.say(_line(result))

    def advance(self, label: str) -> None:
        """Move the bar, if there is one."""
        if self._bar is not None:
            self._bar.set_postfix_str(shown(label))
            self._bar.update()

    def _tell(self, issue: Issue) -> None:
        self.severities[issue.severity] += 1
        if issue.severity == "error":
            self.say(f"error: {issue}", err=True)

    def say(self, text: str, *, err: bool = False) -> None:
        """Print a line without tearing the bar."""
        if self._bar is not None:
            self._bar.write(shown(text), file=sys.stderr if err else sys.stdout)
        else:
            echo(text, err=err)


def _line(result: Result) -> str:
    severities = _severities(Counter(issue.severity for issue in result.issues))
    tail = f"  ({severities})" if severities else ""
    return (
        f"{result.outcome:<9} {result.label}  {counted(result.row_count, 'row')}"
        f"  {result.seconds:.2f} s{tail}"
    )


def _severities(counts: Counter[str]) -> str:
    return ", ".join(
        counted(counts[severity], severity)
        for severity in ("error", "warning", "note")
        if counts[severity]
    )


def summary_lines(summary: Summary, progress: Progress) -> list[str]:
    """Return what came of a load or an import, in a few lines."""
    counts = ", ".join(f"{number} {name}" for name, number in summary.counts.items())
    rows = counted(summary.row_count, "row")
    lines = [f"exposures: {counts}; {rows} in {summary.seconds:.1f} s"]
    if summary.left_out:
        lines.append(left_out_text(summary.left_out))
    severities = _severities(progress.severities)
    if severities:
        lines.append(f"{severities}: aomuse status --issues lists them")
    return lines


def left_out_text(reasons: Mapping[str, int]) -> str:
    """Return how many files are left out, and why, most frequent reasons first."""
    by_number = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = "; ".join(f"{number} {why}" for why, number in by_number)
    total = counted(sum(reasons.values()), "file")
    return f"left out: {total} without a science exposure ({shown})"
