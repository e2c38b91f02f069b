"""Stage four: frames become rows. The only writers."""

from aomuse.load.bulk import BulkWriter, ExecutemanyWriter
from aomuse.load.dictionaries import Dictionaries
from aomuse.load.exposure import prepare_dictionaries, store_exposure
from aomuse.load.ledger import KnownExposure, Ledger, Plan
from aomuse.load.lock import run_lock
from aomuse.load.runs import (
    Run,
    close_orphans_below,
    finish_run,
    record_issues,
    start_run,
    touch_files,
)

__all__ = [
    "BulkWriter",
    "Dictionaries",
    "ExecutemanyWriter",
    "KnownExposure",
    "Ledger",
    "Plan",
    "Run",
    "close_orphans_below",
    "finish_run",
    "prepare_dictionaries",
    "record_issues",
    "run_lock",
    "start_run",
    "store_exposure",
    "touch_files",
]
