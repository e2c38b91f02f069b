"""HDUs as bytes: primary headers, images, compressed images and binary tables."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import ArrayLike, NDArray

from aomuse.simulate.cards import BLOCK, CARD, card, header

_CODES = {"L": "S1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}


@dataclass(frozen=True)
class SimulatedColumn:
    """A column of a binary table: TTYPE, TFORM, a value or vector a row, TUNIT and TNULL."""

    name: str
    tform: str
    values: ArrayLike
    unit: str = ""
    null: int | None = None


def primary(cards: Iterable[str], pixels: NDArray[np.float32] | None = None) -> bytes:
    """Write a primary HDU, mostly without data; the mandatory cards go before those given."""
    axes = () if pixels is None else pixels.shape[::-1]
    mandatory = [
        card("SIMPLE", True, "file follows the FITS standard"),
        card("BITPIX", 8 if pixels is None else -32, "bits a data value"),
        card("NAXIS", len(axes), "number of axes" if axes else "no data in this HDU"),
        *(card(f"NAXIS{i}", n, f"length of axis {i}") for i, n in enumerate(axes, 1)),
        card("EXTEND", True, "extensions follow"),
    ]
    data = b"" if pixels is None else _filled(pixels.astype(">f4").tobytes())
    return header([*mandatory, *cards]) + data


def image(name: str, pixels: NDArray[np.float32], cards: Iterable[str]) -> bytes:
    """Write an image extension; the last axis of the pixels is NAXIS1."""
    axes = pixels.shape[::-1]
    mandatory = [
        card("XTENSION", "IMAGE", "image extension"),
        card("BITPIX", -32, "bits a data value"),
        card("NAXIS", len(axes), "number of axes"),
        *(card(f"NAXIS{i}", n, f"length of axis {i}") for i, n in enumerate(axes, 1)),
        card("PCOUNT", 0, "no parameters"),
        card("GCOUNT", 1, "one group"),
        card("EXTNAME", name, "name of this extension"),
    ]
    return header([*mandatory, *cards]) + _filled(pixels.astype(">f4").tobytes())


def compressed_image(pixels: NDArray[Any]) -> tuple[str, bytes]:
    """Compress an image tile by tile with the Rice algorithm.

    Parameters
    ----------
    pixels : ndarray
        Pixels; the last axis is NAXIS1.

    Returns
    -------
    cards : str
        Cards of the table that holds the tiles, without an EXTNAME.
    data : bytes
        The tiles, in whole blocks.

    Notes
    -----
    The two come apart so that many extensions can share one compressed image, each with its
    own cards. A tile is a whole frame: the noise of a short row of floating-point pixels cannot
    be measured, and such tiles are zipped instead, with the time of day in them.
    """
    buffer = io.BytesIO()
    tile = (1,) * (pixels.ndim - 2) + pixels.shape[-2:]
    fits.CompImageHDU(pixels, compression_type="RICE_1", tile_shape=tile).writeto(buffer)
    content = buffer.getvalue()
    start = content.index(b"XTENSION")
    end = re.compile(rb"END {77}").search(content, start)
    if end is None:
        raise ValueError("a compressed image without END card")
    text = content[start : end.start()].decode("ascii")
    lines = [text[i : i + CARD] for i in range(0, len(text), CARD)]
    kept = "".join(line for line in lines if not line.startswith("EXTNAME "))
    return kept, content[start + -(-(end.end() - start) // BLOCK) * BLOCK :]


def table(name: str, columns: Sequence[SimulatedColumn]) -> bytes:
    """Write a binary table of at least one column."""
    fields = [_field(column) for column in columns]
    dtype = np.dtype([(f"f{i}", f.dtype, f.shape[1:]) for i, f in enumerate(fields)])
    rows = np.empty(len(fields[0]), dtype)
    for i, values in enumerate(fields):
        rows[f"f{i}"] = values
    cards = [
        card("XTENSION", "BINTABLE", "binary table extension"),
        card("BITPIX", 8, "a table is bytes"),
        card("NAXIS", 2, "rows and bytes"),
        card("NAXIS1", dtype.itemsize, "bytes a row"),
        card("NAXIS2", len(rows), "rows"),
        card("PCOUNT", 0, "no heap"),
        card("GCOUNT", 1, "one group"),
        card("TFIELDS", len(columns), "columns"),
    ]
    for i, column in enumerate(columns, 1):
        cards += [card(f"TTYPE{i}", column.name), card(f"TFORM{i}", column.tform)]
        if column.unit:
            cards.append(card(f"TUNIT{i}", column.unit))
        if column.null is not None:
            cards.append(card(f"TNULL{i}", column.null))
    cards.append(card("EXTNAME", name, "name of this extension"))
    return header(cards) + _filled(rows.tobytes())


def _field(column: SimulatedColumn) -> NDArray[Any]:
    repeat, code = column.tform[:-1], column.tform[-1]
    if code == "A":
        return np.asarray(column.values, dtype=f"S{repeat}")
    values = np.asarray(column.values)
    if code == "L":
        values = np.where(values, b"T", b"F")
    if repeat not in {"", "1"}:
        values = values.reshape(len(values), int(repeat))
    return values.astype(_CODES[code])


def _filled(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // BLOCK) * BLOCK, b"\0")
