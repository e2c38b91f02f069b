"""The report: one self-contained page of plots of what the warehouse holds."""

from aomuse.report.writing import write_report

__all__ = ["write_report"]
