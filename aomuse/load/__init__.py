"""Stage four: frames become rows. The only writers."""

from aomuse.load.bulk import BulkWriter, ExecutemanyWriter
from aomuse.load.known_files import Memory, remember
from aomuse.load.ledger import Ledger
from aomuse.load.lock import run_lock
from aomuse.load.metrics import compute_metrics, register_metrics, renew_metrics
from aomuse.load.planning import Plan, make_plan
from aomuse.load.runs import Run, finish_run, record_orphans, start_run
from aomuse.load.unit_of_work import UnitOfWork
from aomuse.load.writer_choice import WriterChoice, choose_writer

__all__ = [
    "BulkWriter",
    "ExecutemanyWriter",
    "Ledger",
    "Memory",
    "Plan",
    "Run",
    "UnitOfWork",
    "WriterChoice",
    "choose_writer",
    "compute_metrics",
    "finish_run",
    "make_plan",
    "record_orphans",
    "register_metrics",
    "remember",
    "renew_metrics",
    "run_lock",
    "start_run",
]
