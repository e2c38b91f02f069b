"""PSF models that PampelMuse fits, and how to recognise them."""

from __future__ import annotations

from collections.abc import Collection

#: Models that the name of a folder may contain; an NFM exposure can be fitted with both.
MODELS = ("maoppy", "moffat")

#: Keyword of PampelMuse's configuration that says which model it fitted.
PROFILE_KEYWORD = "PAMPELMUSE PSF PROFILE"

_PARAMETERS = {"moffat": {"beta", "fwhm"}, "maoppy": {"r0", "amp", "alpha"}}


def model_of(parameters: Collection[str]) -> str:
    """Return the model that has these parameters."""
    models = (model for model, names in _PARAMETERS.items() if names <= set(parameters))
    return next(models, "unknown")


def is_maoppy(model: str) -> bool:
    """Return whether a model is MAOPPY, whose beta is not that of a Moffat profile."""
    return model.startswith("maoppy")


#: The same in SQL, where f is psf_fit.
IS_MAOPPY_SQL = "f.model LIKE 'maoppy%'"
