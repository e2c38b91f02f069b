"""The error that a user of the simulation can mend."""

from __future__ import annotations


class SimulateError(Exception):
    """A wrong number or folder; its text is one line that says what to do."""
