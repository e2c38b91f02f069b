"""What is wrong with an installation, a server or a database, and what to do about it."""

from aomuse.doctor.examination import examine
from aomuse.doctor.finding import Finding

__all__ = ["Finding", "examine"]
