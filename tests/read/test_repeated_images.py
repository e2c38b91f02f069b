"""Channels take a short cut past astropy; nothing may differ from astropy's own way."""

import warnings
from pathlib import Path
from typing import Any

import fits_factory as factory
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read

from aomuse.exchange.content import HduContent, cards_frame
from aomuse.fits import repeated_images
from aomuse.fits.cards import read_shown_rows
from aomuse.fits.quiet import quiet_astropy


def channel(number: int, **cards: Any) -> fits.CompImageHDU:
    """Make a channel whose values are its own."""
    pixels = (np.arange(256, dtype=np.int16) % (number + 2)).reshape(16, 16)
    hdu = fits.CompImageHDU(pixels, name=f"CHAN{number:02d}")
    header = hdu.header
    header["MJD-OBS"] = (58342.5 + number, "start")
    header["INHERIT"] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # HIERARCH
        header["ESO DET CHIP ID"] = (f"chip {number}", "no unit")
        header["ESO DET OUT1 RON"] = (1.5 * number, "[e-] noise")
        for keyword, value in cards.items():
            header[keyword.replace("_", " ")] = value
    return hdu


def assert_as_astropy(path: Path) -> tuple[HduContent, ...]:
    """Compare the cards of each HDU with those of astropy's list."""
    found = read(path).hdus
    with quiet_astropy(), fits.open(path, memmap=False) as opened:
        assert len(found) == len(opened)
        for mine, theirs in zip(found, opened, strict=True):
            assert mine.name == (theirs.name or "PRIMARY")
            cards, _ = read_shown_rows(theirs.header, {}, str(path), mine.name)
            pd.testing.assert_frame_equal(mine.cards, cards_frame(cards))
            assert mine.card_count == len(theirs.header)
            if theirs.is_image:
                axes = [theirs.header[f"NAXIS{i + 1}"] for i in range(theirs.header["NAXIS"])]
                assert mine.dimensions == " x ".join(map(str, axes))
    return found


def write(folder: Path, *hdus: Any, name: str = "X") -> Path:
    """Write a raw file of these channels."""
    return factory.write(folder / f"{name}.fits.fz", fits.HDUList([fits.PrimaryHDU(), *hdus]))


@pytest.fixture
def short_cuts(monkeypatch):
    """Names of the images that the short cut has read."""
    names: list[str] = []
    monkeypatch.setattr(repeated_images, "KNOWN", {})
    original = repeated_images.RepeatedImages.read

    def counted(self: Any, extent: Any) -> HduContent | None:
        content = original(self, extent)
        if content is not None:
            names.append(content.name)
        return content

    monkeypatch.setattr(repeated_images.RepeatedImages, "read", counted)
    return names


def test_all_channels_but_the_first_take_it(tmp_path, short_cuts):
    found = assert_as_astropy(write(tmp_path, *map(channel, (7, 1, 3))))
    assert short_cuts == ["CHAN01", "CHAN03"]
    assert [hdu.index for hdu in found] == [0, 1, 2, 3]
    assert [len(set(hdu.card_images.split(b"CHAN"))) for hdu in found[1:]] == [2, 2, 2]


def test_all_channels_of_the_next_file_take_it(tmp_path, short_cuts):
    for name in ("A", "B"):
        assert_as_astropy(write(tmp_path, channel(1), channel(2), name=name))
    assert short_cuts == ["CHAN02", "CHAN01", "CHAN02"]


def test_each_file_has_the_issue_of_a_channel(tmp_path, short_cuts):
    for name in ("A", "B"):
        path = write(tmp_path, channel(1), name=name)
        factory.set_image(path, 1, "INHERIT", "BLOCKED = neither T nor F")
        assert [issue.code for issue in read(path).issues] == ["card"]
    assert short_cuts == []


def test_sums_are_those_of_the_image(tmp_path, short_cuts):
    def with_sums(number: int) -> fits.BinTableHDU:
        path = write(tmp_path, channel(number), name=f"one_{number}")
        table = fits.open(path, disable_image_compression=True)[1]
        table.header["ZHECKSUM"] = (f"abc{number}", "of the image")
        table.header["ZDATASUM"] = (str(1234 + number), "of the image too")
        table.header["CHECKSUM"] = "of the tiles"
        return table

    found = assert_as_astropy(write(tmp_path, with_sums(1), with_sums(2)))
    assert short_cuts == ["CHAN02"]
    cards = found[2].cards.set_index("keyword")["value_text"]
    assert (cards["CHECKSUM"], cards["DATASUM"]) == ("abc2", "1236")


EDITS = {
    "other keyword": lambda header: header.set("OTHER", 1),
    "another order": lambda header: header.insert(20, ("FIRST", 1)),
    "scaled": lambda header: header.set("BSCALE", 2.0),
    "quoted": lambda header: header.set("DATE", "it's: 1"),
    "not plain": lambda header: header.set("ESO DET CHIP ID", "it's: 1"),
    "blank cards": lambda header: [header.append(), header.append()],
    "a comment": lambda header: header.add_comment("only here"),
    "no name": lambda header: header.remove("EXTNAME"),
    "twice named": lambda header: header.append(("EXTNAME", "CHAN09")),
    "a long text": lambda header: header.set("LONG", "x" * 200),
    "odd name": lambda header: header.set("EXTNAME", "o'dd, 1"),
    "default name": lambda header: header.set("EXTNAME", "COMPRESSED_IMAGE"),
    "of a table": lambda header: header.set("TUNIT1", "adu"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("place", [1, 2])
def test_a_channel_that_is_not_like_the_others(tmp_path, edit, place):
    path = write(tmp_path, *map(channel, (1, 2, 3)))
    with fits.open(path, disable_image_compression=True) as opened:
        EDITS[edit](opened[place].header)
        opened.writeto(path, overwrite=True)
    assert_as_astropy(path)


def test_another_size(tmp_path):
    other = fits.CompImageHDU(np.ones((8, 20), np.int32), header=channel(5).header, name="CHAN05")
    assert_as_astropy(write(tmp_path, channel(1), other))


def test_the_whole_raw_file(tmp_path):
    found = assert_as_astropy(factory.write(tmp_path / "X.fits.fz", factory.raw(channels=4)))
    assert all(b"ZIMAGE  =" in channel.card_images for channel in found[1:5])


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
KEYWORDS = ("DATE", "ZOOM", "TEMP", "BLANK", "ESO_DET_ID", "ESO_A", "NAXISX", "EXTVER")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(keywords=st.lists(st.sampled_from(KEYWORDS), unique=True, max_size=4), data=st.data())
def test_any_values(keywords, data, tmp_path_factory):
    kinds = {k: st.integers(1, 9) if k in ("BLANK", "EXTVER") else VALUES for k in keywords}
    channels = [channel(n, **{k: data.draw(v) for k, v in kinds.items()}) for n in (1, 2, 3)]
    assert_as_astropy(write(tmp_path_factory.mktemp("any"), *channels))
