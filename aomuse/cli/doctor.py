"""The command doctor: what is wrong, and what to do about it."""

from __future__ import annotations

from aomuse.cli.main import EXIT_ISSUES, Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.doctor import examine


@cli.command(epilog="\b\nExample:\n  aomuse doctor")
@pass_context
def doctor(context: Context) -> int:
    """Look for what is wrong with the installation, server and database.

    A line for each thing: ok, or mend and what to do. Changes nothing, and works without a
    database too. The exit code is 1 if something is to be mended.
    """
    wrong = 0
    for finding in examine(context.url):
        wrong += not finding.is_ok
        echo(f"{'ok' if finding.is_ok else 'mend':<6}{finding.about:<12}{finding.text}")
    return EXIT_ISSUES if wrong else 0
