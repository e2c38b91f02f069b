"""The catalogue of bad and odd files: what is wrong with each, and how to make it so."""

import gzip
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fits_factory as factory
import numpy as np
from astropy.io import fits
from fits_factory import edit, edit_bytes, set_card, set_image

Spoil = Callable[[Path], object]


@dataclass(frozen=True)
class Bad:
    """A kind of bad file: what is wrong, in which file, the code of its issue, how to make it."""

    name: str
    role: str
    code: str
    spoil: Spoil
    read: bool = False  # True if the rest of the file can still be loaded

    def __str__(self) -> str:
        return f"{self.role}-{self.name}"


def bad(roles: tuple[str, ...], name: str, code: str, spoil: Spoil) -> list[Bad]:
    return [Bad(name, role, code, spoil) for role in roles]


def afterwards(function: Callable[..., object]) -> Callable[..., Spoil]:
    """Let what does something to a file wait for its path."""
    return lambda *arguments: lambda path: function(path, *arguments)


replace_with = afterwards(Path.write_bytes)
truncate = afterwards(os.truncate)
content = afterwards(edit_bytes)
change = afterwards(edit)
card = afterwards(set_card)


def cut_bytes(count: int) -> Spoil:
    return content(lambda data: data[:-count])


def image(hdu: int | str, keyword: str, card: str | bytes = "COMMENT") -> Spoil:
    """Put a card in the place of another; a comment, so that the other is missing."""
    return lambda path: set_image(path, hdu, keyword, card)


def psf(**options: Any) -> Spoil:
    return replace_with(factory.to_bytes(factory.psf(**options)))


def no_end(path: Path) -> None:
    start = factory.header_start(path, 0)
    data = path.read_bytes()
    place = data.index(b"END".ljust(80), start)
    path.write_bytes(data[:place] + b"COMMENT".ljust(80) * ((len(data) - place) // 80))


def instead(make: Callable[[Path], object]) -> Spoil:
    def spoil(path: Path) -> None:
        path.unlink()
        make(path)

    return spoil


def bind_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(path.name)
    os.chdir(here)


def without(*names: str) -> Spoil:
    return change(lambda hdus: fits.HDUList([h for h in hdus if h.name not in names]))


def put(made: fits.BinTableHDU | fits.ImageHDU) -> Spoil:
    """Put an HDU in the place of the one with its name."""
    return change(lambda hdus: hdus.__setitem__(made.name, made.copy()))


def parameters(**options: Any) -> Spoil:
    return put(factory.psfpars(**options))


def columns(*made: fits.Column) -> Spoil:
    return put(fits.BinTableHDU.from_columns(list(made), name="PSFPARS"))


def one_axis_is_huge(path: Path) -> None:
    """No pixels at all, but layers without end."""
    with fits.open(path) as opened:
        start, end = (opened[1].fileinfo()[key] for key in ("datLoc", "datSpan"))
    set_card(path, 1, "NAXIS3", "999999999999999")
    set_image(path, 1, "NAXIS1", "NAXIS1  = 0", start=2880)
    edit_bytes(path, lambda data: data[:start] + data[start + end :])


def picture(name: str) -> fits.ImageHDU:
    return fits.ImageHDU(np.zeros((2, 2)), name=name)


def beyond_floats(path: Path) -> None:
    """Six axes whose product has 400 digits."""
    replaced = ("NAXIS1", "NAXIS2", "NAXIS3", "PCOUNT", "GCOUNT", "CRVAL3")
    for number, old in enumerate(replaced, 1):
        set_image(path, 1, old, f"NAXIS{number}  = {'9' * 69}", start=2880)
    set_image(path, 1, "NAXIS", "NAXIS   = 6", start=2880)


def at_the_last(join: Callable[[bytes, bytes], bytes]) -> Spoil:
    """Join what is before the last HDU and the HDU in another way."""

    def joined(data: bytes) -> bytes:
        place = data.rindex(b"XTENSION")
        return join(data[:place], data[place:])

    return content(joined)


block_between = at_the_last(lambda before, last: before + b" " * 2880 + last)
wrong_byte = at_the_last(lambda before, last: before + b"Y" + last[1:])
#: As an unfinished download leaves them.
zeros_from_the_last = at_the_last(lambda before, last: before + bytes(len(last)))
append_rubbish = content(lambda data: data + b"rubbish after the last HDU\n" * 9)


@content
def lose_a_card(data: bytes) -> bytes:
    """Lose 80 bytes before the first extension."""
    place = data.index(b"XTENSION")
    return data[: place - 80] + data[place:]


def rows_without_bytes(path: Path, hdu: int | str) -> None:
    """The last table has 2^40 rows that have no bytes."""
    start = factory.header_start(path, hdu)
    for keyword, value in (("NAXIS1", 0), ("NAXIS2", 2**40), ("TFIELDS", 0)):
        set_card(path, hdu, keyword, str(value))
    end = path.read_bytes().index(b"END".ljust(80), start)
    truncate(-(-(end + 80) // 2880) * 2880)(path)


def endless_header(path: Path) -> None:
    """A header of 5 MB."""
    set_image(path, 0, "END", b"HISTORY")
    edit_bytes(path, lambda data: data[:2880] + b"HISTORY".ljust(80) * 36 * 1740 + data[2880:])


def sources_are_images(path: Path) -> None:
    images = [picture(f"PM_{i}") for i in factory.SOURCES]
    path.write_bytes(factory.to_bytes(fits.HDUList([fits.PrimaryHDU(), *images])))


def no_target(path: Path) -> None:
    set_card(path, 0, "OBJECT", "'       '")
    set_image(path, 0, TARGET, f"{TARGET} = ''")


TARGET = "HIERARCH ESO OBS TARG NAME"
HTML = b"<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>\n"
NAMES = fits.Column("name", "16A", array=["beta", "fwhm"])
OTHER = fits.Column("x", "1J", array=[1])
TEXT = fits.Column("polyfit", "4A", array=["2.5", "3.5"])

BAD = [
    # not what their names say
    *bad(("reduced", "psf"), "empty", "empty", replace_with(b"")),
    Bad("text", "raw", "not_fits", replace_with(b"to be copied\n" * 400)),
    Bad("html", "prm", "not_fits", replace_with(HTML)),
    Bad("nul bytes", "psf", "not_fits", replace_with(bytes(2880 * 3))),
    Bad("gzip", "prm", "not_fits", lambda p: p.write_bytes(gzip.compress(p.read_bytes()))),
    Bad("begins with a newline", "reduced", "not_fits", lambda p: edit_bytes(p, b"\n".__add__)),
    Bad("only SIMPLE", "psf", "truncated", replace_with(b"SIMPLE  =                    T")),
    # what the file system offers in place of a file
    Bad("dangling link", "raw", "unreadable", instead(lambda p: p.symlink_to("nowhere.fits"))),
    Bad("link to itself", "prm", "unreadable", instead(lambda p: p.symlink_to(p.name))),
    *bad(("psf", "reduced"), "fifo", "not_a_file", instead(os.mkfifo)),
    Bad("socket", "raw", "not_a_file", instead(bind_socket)),
    Bad("device", "psf", "not_a_file", instead(lambda p: p.symlink_to("/dev/zero"))),
    # cut short
    Bad("cut in a header", "reduced", "truncated", cut_bytes(2880 + 100)),
    *bad(("reduced", "raw"), "cut in the primary header", "truncated", truncate(2000)),
    Bad("header only", "psf", "no_sources", truncate(2880), read=True),
    Bad("cut in a table", "psf", "truncated", cut_bytes(2880 - 100)),
    Bad("cut in a table", "prm", "truncated", cut_bytes(2880 - 1)),
    Bad("cut in the middle", "raw", "truncated", content(lambda data: data[: len(data) // 2])),
    Bad("no END", "reduced", "truncated", no_end),
    # headers that lie
    Bad("NAXIS negative", "prm", "bad_header", card(1, "NAXIS", "-3")),
    Bad("NAXIS is a word", "psf", "bad_header", card(1, "NAXIS", "'many'")),
    Bad("NAXIS is 1000", "raw", "bad_header", card(0, "NAXIS", "1000")),
    Bad("axis negative", "psf", "bad_header", card(1, "NAXIS2", "-5")),
    Bad("axis huge", "psf", "truncated", card(1, "NAXIS2", "999999999999999999999")),
    Bad("axis too long for a float", "prm", "truncated", card(1, "NAXIS1", "9" * 70)),
    Bad("axes beyond any float", "prm", "truncated", beyond_floats),
    Bad("layers without end", "prm", "spectra_axis", one_axis_is_huge, read=True),
    Bad("BITPIX rubbish", "prm", "bad_header", card(1, "BITPIX", "'x'")),
    Bad("BITPIX 64000", "raw", "truncated", card("SPARTA_ATM_DATA", "BITPIX", "64000")),
    Bad("TFIELDS too many", "psf", "bad_header", card(1, "TFIELDS", "7")),
    Bad("TFIELDS huge", "psf", "bad_header", card(1, "TFIELDS", "99999999")),
    Bad("TFIELDS a word", "raw", "bad_header", card("ASM_DATA", "TFIELDS", "'all'")),
    Bad("TFORM rubbish", "psf", "bad_header", card(1, "TFORM1", "'?'")),
    Bad("TFORM huge", "psf", "bad_header", card(1, "TFORM2", "'99999999999D'")),
    Bad("TFORM does not fill the row", "psf", "bad_header", card(1, "TFORM2", "'1E'")),
    Bad("TFORM overflows the row", "prm", "bad_header", card("PSFPARS", "TFORM3", "'9D'")),
    Bad("PCOUNT negative", "psf", "bad_header", card(1, "PCOUNT", "-2880")),
    Bad("PCOUNT leads back", "psf", "bad_header", card(1, "PCOUNT", "-3100")),
    Bad("PCOUNT a word", "prm", "bad_header", card("PSFPARS", "PCOUNT", "'none'")),
    Bad("GCOUNT negative", "psf", "bad_header", card(1, "GCOUNT", "-20")),
    # what is not an HDU where one should be
    Bad("bytes between HDUs", "psf", "bytes_behind", block_between),
    *bad(("psf", "prm", "raw"), "rubbish at the end", "bytes_behind", append_rubbish),
    *bad(("raw", "psf"), "zeros at the end", "bytes_behind", zeros_from_the_last),
    Bad("a wrong byte in XTENSION", "psf", "bytes_behind", wrong_byte),
    Bad("80 bytes lost", "raw", "bytes_behind", lose_a_card),
    # more than the file can hold
    Bad("rows without bytes", "raw", "bad_header", lambda p: rows_without_bytes(p, "AG_DATA")),
    Bad("rows without bytes", "psf", "bad_header", lambda p: rows_without_bytes(p, 2)),
    Bad("a header without end", "reduced", "bad_header", endless_header),
    # PampelMuse files that are something else inside
    Bad("PSFPARS has no rows", "prm", "psfpars_empty", parameters(parameters=()), read=True),
    Bad("PSFPARS missing", "prm", "psfpars_missing", without("PSFPARS"), read=True),
    Bad("PSFPARS an image", "prm", "psfpars_missing", put(picture("PSFPARS")), read=True),
    Bad("PSFPARS without polyfit", "prm", "psfpars_columns", columns(NAMES), read=True),
    Bad("PSFPARS without columns", "prm", "psfpars_columns", columns(OTHER), read=True),
    Bad("name twice", "prm", "psfpars_columns", parameters(parameters=("beta", "beta")), read=True),
    Bad("name empty", "prm", "psfpars_columns", parameters(parameters=("beta", "")), read=True),
    Bad("one polyfit a parameter", "prm", "layers_disagree", parameters(layers=1), read=True),
    Bad("polyfit is text", "prm", "psfpars_columns", columns(NAMES, TEXT), read=True),
    Bad("SPECTRA missing", "prm", "spectra_missing", without("SPECTRA"), read=True),
    Bad("SPECTRA without CRVAL3", "prm", "spectra_axis", image("SPECTRA", "CRVAL3"), read=True),
    Bad("CRVAL3 a word", "prm", "spectra_axis", card("SPECTRA", "CRVAL3", "'blue'"), read=True),
    Bad("no sources", "psf", "no_sources", psf(sources=()), read=True),
    Bad("sources are images", "psf", "no_sources", sources_are_images, read=True),
    Bad("other layers", "psf", "layers_disagree", psf(layers=4)),
    Bad("no layers", "psf", "layers_disagree", psf(layers=0)),
    # raw and reduced files that say the wrong thing
    Bad("telemetry is an image", "raw", "wrong_type", put(picture("SPARTA_ATM_DATA")), read=True),
    Bad("no target", "reduced", "target_missing", no_target, read=True),
    Bad("no PROV1, no ARCFILE", "reduced", "no_archive_id", image(0, "PROV1")),
    Bad("PROV1 empty", "reduced", "no_archive_id", card(0, "PROV1", "'        '")),
    Bad("PROV1 a number", "reduced", "no_archive_id", card(0, "PROV1", "2018")),
]


def append(hdu: fits.BinTableHDU | fits.ImageHDU) -> Spoil:
    return change(lambda hdus: hdus.append(hdu.copy()))


def named_source() -> fits.BinTableHDU:
    table = factory.source(1)
    table.name = "PM_abc"
    return table


def large_values(hdus: fits.HDUList) -> None:
    for table in hdus[1:]:
        table.data["flux"][:] = np.linspace(1e300, 9e300, len(table.data))
    hdus.append(named_source())


def latin_text(path: Path) -> None:
    def add(hdus: fits.HDUList) -> None:
        note = fits.Column("NOTE", "8A", array=["0.5 ?C", "plain"])
        hdus.append(fits.BinTableHDU.from_columns([note], name="NOTES"))

    edit(path, add)
    edit_bytes(path, lambda data: data.replace(b"0.5 ?C", b"0.5 \xb0C"))


def without_beta(hdus: fits.HDUList) -> None:
    for place in range(1, len(hdus)):
        number = int(hdus[place].name.removeprefix("PM_"))
        names = [name for name in factory.SAMPLE_COLUMNS if name != "beta"]
        hdus[place] = factory.source(number, columns=names)


def text_for_flux(hdus: fits.HDUList) -> None:
    made = [fits.Column(name, "1D", array=np.ones(5)) for name in factory.SAMPLE_COLUMNS]
    made[1] = fits.Column("flux", "8A", array=["1.5"] * 5)
    hdus[1] = fits.BinTableHDU.from_columns(made, name="PM_3")


OB_ID = "HIERARCH ESO OBS ID"
HUGE_ID = f"{OB_ID} = {'9' * 40}"
UNPARSABLE = "EXPTIME = 1.2.3.4 what / is this"
LATIN = b"HISTORY caf\xe9 \xff"
TELEMETRY = ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA", "ASM_DATA")

#: What it is, role, severity and code of the remark, and how to make it.
ODD: list[tuple[str, str, str, str, Spoil]] = [
    ("a source twice", "psf", "warning", "source_name", append(factory.source(factory.SOURCES[0]))),
    ("PM_abc", "psf", "warning", "source_name", append(named_source())),
    ("XTENSION unknown", "psf", "warning", "source_name", card(1, "XTENSION", "'RUBBISH '")),
    ("values near the largest double", "psf", "warning", "source_name", change(large_values)),
    ("text that is not ASCII", "prm", "note", "not_ascii", latin_text),
    ("PM_ image", "psf", "warning", "source_name", append(picture("PM_99"))),
    ("no column beta", "psf", "warning", "column_missing", change(without_beta)),
    ("text for flux", "psf", "warning", "column_missing", change(text_for_flux)),
    ("mode missing", "reduced", "warning", "mode_missing", image(0, "HIERARCH ESO INS MODE")),
    *(
        (f"DATE-OBS {what}", "reduced", "warning", "date_missing", card(0, "DATE-OBS", value))
        for what, value in {
            "no date": "'yesterday'",
            "25 h": "'2018-08-13T25:00:00'",
            "year 0": "'0000-00-00T00:00:00'",
            "huge": f"'{'9' * 60}'",
            "a number": "20180813",
        }.items()
    ),
    ("EXPTIME a word", "reduced", "warning", "keyword_type", card(0, "EXPTIME", "'long'")),
    ("OB id beyond 64 bits", "reduced", "warning", "keyword_type", image(0, OB_ID, HUGE_ID)),
    ("card unparsable", "reduced", "warning", "card", image(0, "EXPTIME", UNPARSABLE)),
    ("column name twice", "psf", "warning", "column_name", card(1, "TTYPE2", "'snr     '")),
    ("column name missing", "raw", "warning", "column_name", image("AG_DATA", "TTYPE3")),
    ("column name a number", "prm", "warning", "column_name", card("PSFPARS", "TTYPE2", "5")),
    ("a line end", "reduced", "warning", "card", image(0, "OBJECT", "OBJECT  = 'M 1\n'")),
    ("rubbish at the end", "reduced", "warning", "bytes_behind", append_rubbish),
    ("zeros for pixels", "reduced", "warning", "bytes_behind", zeros_from_the_last),
    ("80 bytes lost", "reduced", "warning", "bytes_behind", lose_a_card),
    ("huge axis", "reduced", "warning", "pixels_truncated", card("DATA", "NAXIS1", "9" * 20)),
    ("pixels cut", "reduced", "warning", "pixels_truncated", cut_bytes(2870)),
    ("header with other bytes", "reduced", "warning", "not_ascii", image(0, "HISTORY", LATIN)),
    ("no telemetry", "raw", "note", "extension_missing", without(*TELEMETRY)),
]
