"""A file as a whole: what it is, its checksum, its HDUs."""

import hashlib

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits
from reading import read, refusal

from aomuse.discover import discover
from aomuse.fits.structure import file_checksum
from aomuse.read import read_exposure


@pytest.fixture
def psf(tmp_path):
    return factory.write(tmp_path / "analysis" / "X.psf.fits", factory.psf())


def test_the_checksum_of_a_file_without_pixels_is_its_sha256(psf):
    content, stat = read(psf, "psf"), psf.stat()
    assert content.sha256 == hashlib.sha256(psf.read_bytes()).hexdigest()
    assert content.sha256 == file_checksum(psf, str(psf))
    assert (content.size, content.mtime_ns) == (stat.st_size, stat.st_mtime_ns)


def test_the_checksum_leaves_out_pixels_and_nothing_else(tmp_path):
    hdus = factory.reduced(1)
    path = factory.write(tmp_path / "single" / "X.fits", hdus)
    first = file_checksum(path, "x")
    hdus["DATA"].data[:] = 7
    assert file_checksum(factory.write(path, hdus), "x") == first
    hdus["DATA"].header["BUNIT"] = "adu"
    assert file_checksum(factory.write(path, hdus), "x") != first


def test_pixels_are_never_read(tmp_path, monkeypatch):
    path = factory.write(tmp_path / "raw" / "X.fits.fz", factory.raw(1))

    def refuse(_: object) -> None:
        raise AssertionError("pixels were read")

    for kind in (fits.ImageHDU, fits.PrimaryHDU, fits.CompImageHDU):
        monkeypatch.setattr(kind, "data", property(refuse))
    assert len(read(path).hdus) == 7


def test_kinds_and_sizes(tmp_path):
    cube = fits.ImageHDU(np.zeros((2, 3), np.float32), name="SPARTA_TT_CUBE")
    hdus = fits.HDUList([*factory.raw(1), cube, fits.ImageHDU()])
    path = factory.write(tmp_path / "raw" / "X.fits.fz", hdus)
    assert [(h.index, h.name, h.type, h.dimensions) for h in read(path).hdus] == [
        (0, "PRIMARY", "primary", ""),
        (1, "CHAN01", "compressed_image", "8 x 8"),
        (2, "SPARTA_ATM_DATA", "binary_table", "6 x 2"),
        (3, "SPARTA_CN2_DATA", "binary_table", "13 x 2"),
        (4, "ASM_DATA", "binary_table", "4 x 2"),
        (5, "SGS_DATA", "binary_table", "4 x 3"),
        (6, "AG_DATA", "binary_table", "4 x 3"),
        (7, "SPARTA_TT_CUBE", "image", "3 x 2"),
        (8, "", "image", ""),
    ]


def test_errors_say_where_and_what(psf):
    factory.edit_bytes(psf, lambda data: data[:-2880])
    error = refusal(psf, "psf")
    assert (error.code, error.extension) == ("truncated", "PM_17")
    assert str(error).startswith(f"{psf}[PM_17]: the file is cut short: ")
    assert "copy or download it again" in str(error)


def test_one_bad_file_of_an_exposure(tree):
    files = tree.add(1)
    files.prm.write_bytes(b"")
    (found,) = discover([tree.root]).exposures
    content = read_exposure(found)
    assert [file.path for file in content.failed] == [files.prm]
    errors = [(i.code, i.path) for i in content.issues if i.severity == "error"]
    assert errors == [("empty", str(files.prm))]
    assert {file.role for file in content.files} == {"reduced", "raw", "psf"}
    assert content.fits[0].prm is None
    assert content.fits[0].psf is not None
