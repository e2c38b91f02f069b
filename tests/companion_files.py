"""Night logs, catalogues and Raman images for the exposures of the factory."""

from pathlib import Path
from typing import Any

import fits_factory as factory
from astropy.io import fits
from fits_factory import Files, Tree

LOG = """General weather conditions:
Seeing:          0.5 - 1.2"
Overall comment: a quiet night
---------------------------------------------------

Weather observations:
Time\tConditions\tComment
{weather}
---------------------------------------------------

OB:         2001
Run:        60.A-9100(G)
---------------------------------------------------

Constraint       \tFulfilled\tRequested
Seeing:          \tyes\t\t0.8
Grade:       \t \tA
---------------------------------------------------

Files produced and additional information
---------------------------------------------------
OBS.START: 2018-08-13T00:00:01
Template: MUSE_obs
---------------------------------------------------
Original Filename\tArchive Filename\tTPL.EXPNO/NEXP\tEXPTIME\tAIRMASS\tDIMM\t
MUSE_0001.fits\t{archive_id}\t1/2\t600.0\t1.06\t0.47\t
MUSE_0002.fits\tMUSE.2018-08-13T09:00:00.000\t2/2\t600.0\t1.07\t0.5\t
---------------------------------------------------
"""
#: The exposures of the factory start at 00:0N:07.123 on 2018-08-13.
WEATHER = (
    "22:04\tThickCirrus\tthick clouds",
    "23:59\tThinCirrus\t",
    "00:01\tClear\tfree",
    "00:09\tPhotometric\tno clouds",
    "01:30\tThinCirrus\tagain",
)
CATALOG = """# %ECSV 1.0
# ---
# datatype:
# - {name: id, datatype: int64, description: number}
# - {name: mag, unit: mag, datatype: float64, description: magnitude}
# - {name: note, datatype: string}
# meta: !!omap
# - {cube: X}
# schema: astropy-2.0
id mag note
17 nan first
3 "" ""
99 -0.0 "not fitted"
"""


def write_log(tree: Tree, weather: tuple[str, ...] = WEATHER, number: int = 1) -> Path:
    """Write the night log of an exposure."""
    archive_id = factory.archive_id(number)
    path: Path = tree.root / "raw" / f"{archive_id}.NL.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(LOG.format(weather="\n".join(weather), archive_id=archive_id))
    return path


def write_catalog(files: Files, name: str = ".detections.cat", text: str = CATALOG) -> Path:
    """Write the catalogue of a cube."""
    cube: Path = files.file("reduced")
    path = files.file("prm").parent / (cube.name.removesuffix(".fits") + name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def write_raman(tree: Tree, name: str, **cards: Any) -> Path:
    """Write a file of Raman images."""
    primary = fits.PrimaryHDU()
    primary.header["HIERARCH ESO PRO CATG"] = "RAMAN_IMAGES"
    primary.header["HIERARCH ESO QC RAMAN FLUX"] = 12.5
    for keyword, value in cards.items():
        primary.header[keyword.replace("_", "-")] = value
    return factory.write(tree.root / "raman" / name, fits.HDUList([primary]))


def with_time(path: Path, exptime: float | None, begin: str | None = None) -> None:
    """Give a reduced cube an exposure time, and another start."""
    with fits.open(path, mode="update") as opened:
        header = opened[0].header
        if begin is not None:
            header["DATE-OBS"] = begin
        header["EXPTIME"] = exptime
        if exptime is None:
            del header["EXPTIME"]
