"""PSF models that PampelMuse fits, and what tells them apart."""

from __future__ import annotations

from collections.abc import Collection

#: Models that a folder's name may tell; an NFM exposure can be fitted with both.
MODELS = ("maoppy", "moffat")

_TOLD_BY = {"moffat": {"beta", "fwhm"}, "maoppy": {"r0", "amp", "alpha"}}


def model_of(parameters: Collection[str]) -> str:
    """Return the model that has such parameters."""
    return next((model for model, names in _TOLD_BY.items() if names <= set(parameters)), "unknown")


def is_maoppy(model: str) -> bool:
    """Return whether a fit's model is MAOPPY, whose beta is not that of a Moffat profile."""
    return model.startswith("maoppy")


#: The same in SQL, where f is psf_fit.
IS_MAOPPY_SQL = "f.model LIKE 'maoppy%'"
