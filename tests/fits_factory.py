"""Small valid trees of MUSE files, and the means to break them.

Everything is made with astropy alone: what a test expects never comes from the loader.
"""

import io
import os
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from astropy.io import fits

LAYERS = 5
SOURCES = (3, 17)
MOFFAT = ("beta", "fwhm", "e", "theta")
SAMPLE_COLUMNS = ("snr", "flux", "fwhm", "beta", "xc", "yc")
ROLES = ("reduced", "raw", "prm", "psf")

#: Unix seconds of 2018-08-13T00:00:00 UTC.
NIGHT = 1534118400

LASER_QUANTITIES = (
    *("R0", "L0", "SEEING", "FWHM_GAIN", "STREHL", "TURVAR_RES", "TURVAR_TOT", "TUR_ALT"),
    *("TUR_GND", "SLOPERMSX", "SLOPERMSY"),
)
LASERS = (2, 1, 4, 3)
CN2_LAYERS = tuple(range(1, 9))
ASM_COLUMNS = (
    *("ASM_WINDDIR_10", "ASM_WINDDIR_30", "ASM_WINDSPEED_10", "ASM_WINDSPEED_30", "ASM_RFLRMS"),
    *("MASS_FRACGL", "SLODAR_FRACGL_300", "SLODAR_FRACGL_500", "ASM_TAU0", "IA_FWHMLIN"),
    *(f"MASS_TURB{i}" for i in range(7)),
    *(f"SLODAR_CNSQ{i}" for i in range(2, 9)),
    *("IA_FWHMLINOBS", "SLODAR_TOTAL_CN2", "R0", "IA_FWHM", "AZ", "AIRMASS", "DIMM_SEEING"),
)


def begin(number: int = 1) -> str:
    """Give the minute in which an exposure began."""
    return f"2018-08-13T{number // 60:02d}:{number % 60:02d}"


def archive_id(number: int = 1) -> str:
    """Give the archive name of an exposure."""
    return f"MUSE.{begin(number)}:07.123"


def reduced(number: int = 1, **cards: object) -> fits.HDUList:
    """Make a reduced cube: a primary header, and pixels that are a few bytes."""
    values: dict[str, object] = {
        "DATE-OBS": f"{begin(number)}:07.123",
        "MJD-OBS": 58343.0 + number / 1440,
        "EXPTIME": 600.0,
        "RA": 154.4,
        "DEC": -46.4,
        "OBJECT": "NGC 3201",
        "PROV1": f"{archive_id(number)}.fits",
        "ESO OBS TARG NAME": f"NGC 3201 p{number}",
        "ESO OBS ID": 200_000 + number,
        "ESO INS MODE": "WFM-AO-N",
        "ESO TEL AMBI FWHM START": 0.75,
        "ESO TEL AMBI FWHM END": 0.5,
        "ESO AOS TT LOOP ST": True,
    }
    named = {name.replace("__", " ").replace("_", "-"): cards[name] for name in cards}
    primary = _primary(values | named)
    primary.header.add_history("reduced by a test")
    data = fits.ImageHDU(np.zeros((2, 2, 2), np.float32), name="DATA")
    return fits.HDUList([primary, data])


def _primary(cards: dict[str, object]) -> fits.PrimaryHDU:
    """Make a primary HDU with those cards that have a value."""
    primary = fits.PrimaryHDU()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # HIERARCH
        for keyword, value in cards.items():
            if value is not None:
                primary.header[keyword] = value
    return primary


def sparta_atm(
    number: int = 1, lasers: Sequence[int] = LASERS, quantities: Sequence[str] = LASER_QUANTITIES
) -> fits.BinTableHDU:
    """Make SPARTA_ATM_DATA; laser 4 is off."""
    columns = _unix(number, 2)
    for quantity in reversed(quantities):
        for laser in lasers:
            start = 0.0 if laser == 4 else laser + LASER_QUANTITIES.index(quantity) / 16
            values = [start, start + (1 / 128 if start else 0)]
            columns.append(fits.Column(f"LGS{laser}_{quantity}", "1E", array=values))
    return fits.BinTableHDU.from_columns(columns, name="SPARTA_ATM_DATA")


def sparta_cn2(number: int = 1, layers: Sequence[int] = CN2_LAYERS) -> fits.BinTableHDU:
    """Make SPARTA_CN2_DATA."""
    columns = _unix(number, 2)
    for i, name in enumerate(("L0Tot", "r0Tot", "seeingTot")):
        columns.append(fits.Column(name, "1E", array=[i / 4, 1 + i / 4]))
    for layer in layers:
        for i, name in enumerate(("CN2_ALT", "CN2_FRAC_ALT", "L0_ALT", "ALT")):
            values = [layer + i / 8, layer + i / 8 + 1 / 64]
            columns.append(fits.Column(f"{name}{layer}", "1E", array=values))
    return fits.BinTableHDU.from_columns(columns, name="SPARTA_CN2_DATA")


def asm(number: int = 1, columns: Sequence[str] = ASM_COLUMNS) -> fits.BinTableHDU:
    """Make ASM_DATA; one value is NaN."""
    stamps = [f"{begin(number)}:{i:02d}.000417" for i in range(2)]
    made = [fits.Column("TIME_STAMP", "26A", array=stamps)]
    for name in columns:
        first = ASM_COLUMNS.index(name)
        values = [np.nan if name == "MASS_TURB0" else first, first + 1 / 32]
        made.append(fits.Column(name, "1D", array=values))
    return fits.BinTableHDU.from_columns(made, name="ASM_DATA")


def guiding(name: str, number: int = 1) -> fits.BinTableHDU:
    """Make SGS_DATA or AG_DATA, with columns that no schema knows."""
    flux = fits.Column("GUIDE FLUX", "1D", unit="adu", array=np.arange(3) / 3)
    note = fits.Column("NOTE", "8A", array=[f"it's {i}" for i in range(3)])
    return fits.BinTableHDU.from_columns([*_unix(number, 3), flux, note], name=name)


def _unix(number: int, rows: int) -> list[fits.Column]:
    seconds = NIGHT + 60 * number + np.arange(rows)
    return [
        fits.Column("Sec", "1J", unit="s", array=seconds.astype(np.int32)),
        fits.Column("USec", "1J", unit="us", array=np.arange(rows, dtype=np.int32) * 1000 + 417),
    ]


def raw(
    number: int = 1, *, channels: int = 1, compressed: bool = True, full: bool = False
) -> fits.HDUList:
    """Make a raw file: channels that are a few pixels, and the telemetry.

    ``full`` gives all columns of the real tables; reading those takes several times as long.
    """
    primary = _primary(
        {
            "DATE-OBS": f"{begin(number)}:07.123",
            "ARCFILE": f"{archive_id(number)}.fits",
            "OBJECT": "NGC 3201",
            "ESO DPR CATG": "SCIENCE",
            "ESO DPR TYPE": "OBJECT",
            "ESO INS MODE": "WFM-AO-N",
            "ESO OBS TARG NAME": f"NGC 3201 p{number}",
        }
    )
    images = []
    for channel in range(1, channels + 1):
        pixels = np.arange(64, dtype=np.int16).reshape(8, 8)
        kind = fits.CompImageHDU if compressed else fits.ImageHDU
        image = kind(pixels, name=f"CHAN{channel:02d}")
        image.header["COMMENT"] = f"channel {channel}"
        images.append(image)
    if full:
        tables = [sparta_atm(number), sparta_cn2(number), asm(number)]
    else:
        tables = [
            sparta_atm(number, lasers=(4, 1), quantities=("R0", "STREHL")),
            sparta_cn2(number, layers=(1, 2)),
            asm(number, columns=("ASM_TAU0", "MASS_TURB0", "SLODAR_CNSQ2")),
        ]
    guiders = [guiding("SGS_DATA", number), guiding("AG_DATA", number)]
    return fits.HDUList([primary, *images[::-1], *tables, *guiders])


def psfpars(
    layers: int = LAYERS, parameters: Sequence[str] = MOFFAT, seed: int = 1
) -> fits.BinTableHDU:
    """Make PSFPARS."""
    generator = np.random.default_rng(seed)
    values = generator.normal(2.0, 0.1, (len(parameters), layers))
    columns = [
        fits.Column("name", "16A", array=list(parameters)),
        fits.Column("free", "L", array=[i % 2 == 0 for i in range(len(parameters))]),
        fits.Column("polyfit", f"{layers}D", array=values),
    ]
    return fits.BinTableHDU.from_columns(columns, name="PSFPARS")


def spectra(layers: int = LAYERS) -> fits.ImageHDU:
    """Make the SPECTRA image, from 475 nm on."""
    image = fits.ImageHDU(np.zeros((layers, 1, 2), np.float32), name="SPECTRA")
    image.header["CRVAL3"] = 4.75e-7
    image.header["CDELT3"] = 1.25e-10
    return image


def prm(layers: int = LAYERS, parameters: Sequence[str] = MOFFAT, seed: int = 1) -> fits.HDUList:
    """Make PampelMuse's parameter file."""
    sources = sources_table(id=("1J", SOURCES), status=("1J", [3, 2]))
    tables = spectra(layers), psfpars(layers, parameters, seed), sources
    return fits.HDUList([fits.PrimaryHDU(), *tables])


def sources_table(**columns: tuple[str, Sequence[object]]) -> fits.BinTableHDU:
    """Make SOURCES from the format and the values of each column; a unit may follow a blank."""
    made = []
    for name, (form, values) in columns.items():
        letters, _, unit = form.partition(" ")
        made.append(fits.Column(name, letters, unit=unit or None, array=np.array(values)))
    return fits.BinTableHDU.from_columns(made, name="SOURCES")


def source(
    number: int, layers: int = LAYERS, columns: Sequence[str] = SAMPLE_COLUMNS, seed: int = 1
) -> fits.BinTableHDU:
    """Make the table of one source; one flux is NaN."""
    generator = np.random.default_rng((seed, number))
    made = []
    for name in columns:
        values = generator.normal(5.0, 1.0, layers)
        if name == "flux" and layers:
            values[-1] = np.nan
        made.append(fits.Column(name, "1E" if name == "snr" else "1D", array=values))
    return fits.BinTableHDU.from_columns(made, name=f"PM_{number}")


def psf(layers: int = LAYERS, sources: Sequence[int] = SOURCES, seed: int = 1) -> fits.HDUList:
    """Make PampelMuse's source file."""
    tables = [source(number, layers, seed=seed) for number in sources]
    return fits.HDUList([fits.PrimaryHDU(), *tables])


def to_bytes(hdus: fits.HDUList) -> bytes:
    """Give the file that astropy writes."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hdus.writeto(stream, output_verify="ignore")
    return stream.getvalue()


def write(path: Path, hdus: fits.HDUList | bytes) -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(hdus if isinstance(hdus, bytes) else to_bytes(hdus))
    return path


@cache
def _valid(role: str, number: int, compressed: bool = True) -> bytes:
    match role:
        case "reduced":
            return to_bytes(reduced(number))
        case "raw":
            return to_bytes(raw(number, compressed=compressed))
    return to_bytes(prm(seed=number) if role == "prm" else psf(seed=number))


def edit(path: Path, change: Callable[[fits.HDUList], fits.HDUList | None]) -> Path:
    """Change the HDUs of a file with astropy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(path, memmap=False, disable_image_compression=True) as opened:
            for hdu in opened:
                _ = hdu.data
            result = to_bytes(change(opened) or opened)
    path.write_bytes(result)
    return path


def leave_one_channel(root: Path, name: str = "CHAN07", but: Path | None = None) -> None:
    """Take the other channels out of the raw files of a tree: theirs are most cards of a night."""

    def leave(hdus: fits.HDUList) -> fits.HDUList:
        return fits.HDUList([h for h in hdus if h.name == name or not h.name.startswith("CHAN")])

    for path in (root / "raw").glob("*.fits*"):
        if path != but:
            edit(path, leave)


def edit_bytes(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """Change the bytes of a file."""
    path.write_bytes(change(path.read_bytes()))
    return path


def header_start(path: Path, hdu: int | str) -> int:
    """Give the byte at which the header of an HDU begins."""
    with fits.open(path, disable_image_compression=True) as opened:
        return int(opened[hdu].fileinfo()["hdrLoc"])


def set_card(path: Path, hdu: int | str, keyword: str, value: str) -> Path:
    """Write a value field into the first card with a keyword, whatever FITS thinks of it."""
    return set_image(path, hdu, keyword, f"{keyword:<8}= {value}")


def set_image(
    path: Path, hdu: int | str, keyword: str, card: str | bytes, start: int | None = None
) -> Path:
    """Replace the first card that begins with ``keyword``, to the byte."""
    image = card if isinstance(card, bytes) else card.encode("latin-1")
    assert len(image) <= 80
    start = header_start(path, hdu) if start is None else start
    content = bytearray(path.read_bytes())
    prefix = keyword.encode().ljust(8)
    while bytes(content[start : start + len(prefix)]) != prefix:
        start += 80
        assert start < len(content), f"no card {keyword}"
    content[start : start + 80] = image.ljust(80)
    path.write_bytes(bytes(content))
    return path


@dataclass(frozen=True)
class Files:
    """The four files of one exposure."""

    number: int
    name: str
    reduced: Path
    raw: Path
    prm: Path
    psf: Path

    @property
    def archive_id(self) -> str:
        return archive_id(self.number)

    def file(self, role: str) -> Path:
        path: Path = getattr(self, role)
        return path

    @property
    def all(self) -> tuple[Path, ...]:
        """The four paths."""
        return self.reduced, self.raw, self.prm, self.psf


class Tree:
    """A folder with single/, raw/ and analysis/, which are made there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("single", "raw", "analysis"):
            (root / folder).mkdir(parents=True, exist_ok=True)

    def add(
        self,
        number: int = 1,
        *,
        without: Sequence[str] = (),
        folder: str = "",
        name: str | None = None,
        raw_suffix: str = ".fits.fz",
        analysis: str = "",
    ) -> Files:
        """Add a valid exposure, which began in the minute `number`, and return its files.

        `without` are roles to leave out, `folder` is one below all three, such as a date, and
        `analysis` one below that of the analysis. `name` is that of the cube without .fits.
        Channels are compressed where `raw_suffix` says so.
        """
        name = name or f"DATACUBE_{number:04d}"
        where = self.root / "analysis" / folder / analysis
        files = Files(
            number,
            name,
            self.root / "single" / folder / f"{name}.fits",
            self.root / "raw" / folder / f"{archive_id(number)}{raw_suffix}",
            where / f"{name}.prm.fits",
            where / f"{name}.psf.fits",
        )
        for role in ROLES:
            if role not in without:
                write(files.file(role), _valid(role, number, raw_suffix.endswith("fz")))
        return files

    def restore(self, files: Files, roles: Sequence[str] = ROLES) -> None:
        """Put back whatever of an exposure is missing or broken."""
        for role in roles:
            path = files.file(role)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.is_symlink() or not path.is_file():
                path.unlink(missing_ok=True)
            valid = _valid(role, files.number, path.suffix == ".fz")
            if not path.exists() or path.read_bytes() != valid:
                path.write_bytes(valid)


def later(path: Path, seconds: float = 5.0) -> Path:
    """Give a file a later time of modification."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + int(seconds * 1e9)))
    return path
