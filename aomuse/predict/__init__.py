"""Predict: the PSF that an exposure's telemetry lets expect, from what is stored."""

from aomuse.predict.exposures import Predicted, predict
from aomuse.predict.sparta import sparta_table

__all__ = ["Predicted", "predict", "sparta_table"]
