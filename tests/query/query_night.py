"""Two exposures of different modes, with a table that aomuse has never heard of."""

from dataclasses import dataclass
from pathlib import Path

import fits_factory as factory
import numpy as np
import pandas as pd
from astropy.io import fits
from fits_factory import Files, Tree

import aomuse


@dataclass(frozen=True)
class Night:
    """A loaded night, its files by number, and the warehouse."""

    db: aomuse.Database
    url: str
    files: dict[int, Files]


def cells_of(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Give the values of a frame as texts that tell each from all others, to the last bit."""
    return {name: [repr(np.asarray(cell).tolist()) for cell in frame[name]] for name in frame}


def strange_table() -> fits.BinTableHDU:
    """Make a table with every kind of column, and what no plain column holds."""
    lists = np.empty(3, dtype=object)
    lists[:] = [np.array([1, 2]), np.array([], dtype=int), np.array([3])]
    return fits.BinTableHDU.from_columns(
        [
            fits.Column("level", "1D", unit="V", array=[1.5, np.inf, -0.0]),
            fits.Column("count", "1J", null=-1, array=[7, -1, 9]),
            fits.Column("row_index", "1I", array=[30, 20, 10]),
            fits.Column("name", "4A", array=["a", "", "it's"]),
            fits.Column("good", "1L", array=np.array([True, False, True])),
            fits.Column("pair", "2E", unit="mm", array=[[1, 2], [3, 4], [5, np.nan]]),
            fits.Column("list", "PJ()", array=lists),
            fits.Column("phase", "1C", array=np.array([1 + 2j, 0, 3j])),
        ],
        name="STRANGE",
    )


def write_night(root: Path) -> dict[int, Files]:
    """Write a wide-field exposure and a narrow-field one, whose telemetry has an infinity."""
    tree = Tree(root)
    written = {number: tree.add(number) for number in (1, 2)}
    for number, files in written.items():
        raw = factory.raw(number, full=True)
        cube = factory.reduced(number)
        header = cube[0].header
        if number == 1:
            header["HIERARCH ESO TEL AMBI TEMP"] = (11.5, "[C] Observatory ambient temperature")
            header.add_history("and again")
        else:
            raw["SPARTA_ATM_DATA"].data["LGS2_R0"][0] = np.inf
            raw.append(strange_table())
            header["HIERARCH ESO INS MODE"] = "NFM-AO-N"
            header["HIERARCH ESO TEL AMBI FWHM START"] = 1.0
            header["HIERARCH ESO TEL AMBI FWHM END"] = 1.5
            header["HIERARCH ESO TEL AMBI TEMP"] = (12, "[C] whole degrees")
            header["HIERARCH ESO AOS RTC LOOP"] = (False, "[V] of one file only")
        factory.write(files.raw, raw)
        factory.write(files.reduced, cube)
    return written
