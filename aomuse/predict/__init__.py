"""Predict: PSFs predicted from the stored telemetry."""

from aomuse.predict.exposures import predict
from aomuse.predict.sparta import sparta_table

__all__ = ["predict", "sparta_table"]
