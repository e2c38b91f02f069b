"""Synthetic MUSE files that look like the observatory's, for tests, demonstrations and plots."""

from aomuse.simulate.tree import SimulatedExposure, SimulateError, simulate

__all__ = ["SimulateError", "SimulatedExposure", "simulate"]
