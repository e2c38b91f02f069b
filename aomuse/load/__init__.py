"""Stage four: frames become rows, an exposure in one transaction."""

from aomuse.load.in_turn import NotNow, load_in_turn
from aomuse.load.unit_of_work import UnitOfWork, reason_of
from aomuse.load.writer_choice import WriterChoice, choose_writer, known_writer

__all__ = [
    "NotNow",
    "UnitOfWork",
    "WriterChoice",
    "choose_writer",
    "known_writer",
    "load_in_turn",
    "reason_of",
]
