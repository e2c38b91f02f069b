"""PampelMuse's parameters by layer: of the PSF, and of the positions of the sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from aomuse.exchange.content import FileContent, TableContent
from aomuse.exchange.frames import Layout, NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.exchange.stored_in import COLUMN_STORE, StoredIn
from aomuse.muse.psf_models import model_of
from aomuse.normalize.column_store import store_columns
from aomuse.normalize.spectra import Floats, fit_wavelengths
from aomuse.normalize.summary import window_frames

#: Typed home of each table that holds a parameter a row.
PARAMETER_TABLES = {"PSFPARS": "psf_parameter", "POSPARS": "position_parameter"}

#: Vector columns with a typed home: the smooth value, and the one fitted to the layer.
_VALUE_COLUMNS = {"polyfit": "value", "fit": "fit_value"}

#: Length of psf_parameter.parameter.
_MAX_NAME = 64


@dataclass(frozen=True)
class Parameters:
    """The parameters of one table.

    Parameters
    ----------
    names : list of str
        One for each row.
    values : dict
        Arrays of shape ``(parameters, layers)`` by the name of their column, polyfit always.
    """

    names: list[str]
    values: dict[str, Floats]

    @property
    def layers(self) -> int:
        """Number of layers."""
        return int(self.values["polyfit"].shape[1])

    @property
    def model(self) -> str:
        """The PSF model that the names tell."""
        return model_of(self.names)


def psf_parameters(prm: FileContent, issues: list[Issue]) -> Parameters | None:
    """Return the PSF's parameters, if PSFPARS has its usual shape."""
    hdu = prm.hdu("PSFPARS")
    if hdu is None or hdu.table is None:
        code = "psfpars_missing"
        why = (
            "the file has no table PSFPARS: run PampelMuse again, or give the file that belongs "
            "here"
        )
    elif hdu.table.row_count == 0:
        code, why = "psfpars_empty", "the table has no rows: run PampelMuse's PSF fit again"
    else:
        found = read_parameters(hdu.table)
        if isinstance(found, Parameters):
            return found
        code = "psfpars_columns"
        why = f"{found}: its columns are in table_value, and there are no rows in psf_parameter"
    issues.append(Issue("error", code, why, prm.path, "PSFPARS"))
    return None


def read_parameters(table: TableContent) -> Parameters | str:
    """Return the parameters of a table, or what is unusual about it."""
    name_place, value_place = table.index("name"), table.index("polyfit")
    if name_place is None or value_place is None:
        return "the table has no columns name and polyfit"
    column = table.values[name_place]
    if column.dtype.kind != "U" or column.ndim != 1:
        return "the column name does not hold one string a row"
    names = [str(name).rstrip() for name in column]
    if len(set(names)) < len(names):
        return "a parameter's name occurs twice"
    if any(not name or len(name) > _MAX_NAME for name in names):
        return f"a parameter's name is empty or longer than {_MAX_NAME}"
    values = _by_layer(table, value_place)
    if values is None:
        return "the column polyfit does not hold one number a layer"
    result = {"polyfit": values}
    fit_place = table.index("fit")
    fitted = None if fit_place is None else _by_layer(table, fit_place)
    if fitted is not None and fitted.shape == values.shape:
        result["fit"] = fitted
    return Parameters(names, result)


def _by_layer(table: TableContent, place: int) -> Floats | None:
    values: npt.NDArray[Any] = table.values[place]
    kind, size = values.dtype.kind, values.dtype.itemsize
    exact = (kind == "f" and size <= 8) or (kind == "i" and size <= 4)
    if not exact or values.ndim not in (1, 2) or table.nulls[place] is not None:
        return None
    return values.astype(np.float64).reshape(
        len(values), values.shape[1] if values.ndim == 2 else 1
    )


def normalize_parameters(
    out: NormalizedExposure,
    fit: int,
    header: int,
    extension: str,
    table: TableContent,
    wavelength_nm: Floats | None,
) -> Layout:
    """Add the rows of a table of parameters, and return its layout."""
    parameters = read_parameters(table)
    home = PARAMETER_TABLES[extension]
    stored_in = [COLUMN_STORE] * len(table.formats)
    if isinstance(parameters, Parameters):
        for column in parameters.values:
            place = table.index(column)
            assert place is not None
            stored_in[place] = str(StoredIn(home, _VALUE_COLUMNS[column]))
    layout = Layout(extension, table.formats, tuple(stored_in))
    store_columns(out, header, table, layout)
    if isinstance(parameters, Parameters):
        out.add(home, _frame(fit, parameters))
        if extension == "PSFPARS":
            _summarize(out, fit, parameters, wavelength_nm)
    return layout


def _frame(fit: int, parameters: Parameters) -> pd.DataFrame:
    count, layers = len(parameters.names), parameters.layers
    return pd.DataFrame(
        {
            "fit": fit,
            "parameter": np.repeat(np.array(parameters.names, dtype=object), layers),
            "layer": np.tile(np.arange(layers, dtype=np.int32), count),
            **{_VALUE_COLUMNS[name]: v.reshape(-1) for name, v in parameters.values.items()},
        }
    )


def _summarize(
    out: NormalizedExposure, fit: int, parameters: Parameters, wavelength_nm: Floats | None
) -> None:
    keys = pd.DataFrame({"fit": fit, "parameter": pd.Series(parameters.names, dtype=object)})
    known = fit_wavelengths(wavelength_nm, parameters.layers)
    for frame in window_frames(keys, parameters.values["polyfit"], known):
        out.add("psf_parameter_summary", frame)
