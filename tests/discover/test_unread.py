"""What the walk does not read is named, and nothing that waits or never ends is opened."""

import bz2
import gzip
import os
import shutil
import socket
import time
from pathlib import Path

import fits_factory as factory
import pytest
from backends import on_sqlite
from companion_files import write_log

from aomuse.discover import discover

RAW = f"{factory.archive_id(1)}.fits.fz"


def told(root: Path) -> list[tuple[str, str, str]]:
    return [(i.severity, i.code, Path(i.path).name) for i in discover([root]).issues]


@pytest.mark.parametrize(
    ("suffix", "program", "pack"),
    [
        (".gz", "gunzip", gzip.compress),
        (".bz2", "bunzip2", bz2.compress),
        (".Z", "uncompress", lambda content: b"\x1f\x9d\x90" + content),
        (".zip", "unzip", lambda content: b"PK\x03\x04" + content),
    ],
)
@pytest.mark.parametrize("role", [*factory.ROLES, "night_log"])
def test_compressed_files(tree, role, suffix, program, pack):
    files = tree.add(1)
    path = write_log(tree) if role == "night_log" else files.file(role)
    packed = path.with_name(path.name.removesuffix(".fz") + suffix)
    packed.write_bytes(pack(path.read_bytes()))
    path.unlink()
    (issue,) = discover([tree.root]).issues
    assert (issue.severity, issue.code, issue.path) == ("error", "compressed", str(packed))
    assert issue.message.endswith(f"unpack it with {program}")


def test_a_root_of_compressed_files_alone(tmp_path):
    (tmp_path / "X.fits.gz").write_bytes(gzip.compress(b"SIMPLE"))
    assert told(tmp_path) == [("error", "compressed", "X.fits.gz")]


@pytest.mark.parametrize(
    ("severity", "code", "place", "name"),
    [
        *(("error", "file_name", "single", f"X.{end}") for end in ("fit", "fts", "fits.bak")),
        *(("error", "file_name", "single", name) for name in ("X.fits~", "X.fits\n")),
        ("note", "file_name", "analysis", "spectra.fits"),
        ("note", "compressed", "single", "DATACUBE_0001.fits.gz"),  # beside the unpacked one
        *(("warning", "unfinished", "raw", f"{RAW}.{end}") for end in ("part", "crdownload")),
        ("warning", "unfinished", "raw", f"{RAW}.filepart"),
    ],
)
def test_files_beside_an_exposure(tree, severity, code, place, name):
    tree.add(1)
    content = factory.to_bytes(factory.reduced(2))
    contents = {"compressed": gzip.compress(content), "unfinished": content[:4000]}
    (tree.root / place / name).write_bytes(contents.get(code, content))
    assert told(tree.root) == [(severity, code, name)]


def test_names_that_are_not_ours(tree):
    tree.add(1)
    for name in ("X.fits.md5", "X.fits.png", "readme.txt", "X.xml", "X.fits.fz.log", ".X.fits.swp"):
        (tree.root / "raw" / name).write_text("0123456789")
    assert told(tree.root) == []


def test_names_with_line_ends_are_read(tree):
    files = tree.add(1)
    every = [
        path if path == files.raw else path.rename(path.with_name(f"a\n{path.name}"))
        for path in files.all
    ]
    (found,) = discover([tree.root]).exposures
    assert ([file.path for file in found.files], found.issues) == (every, ())


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 400\n"
ANNEX = "../.git/annex/objects/SHA256E-s12345--abcdef.fits\n"
PAGE = "<!DOCTYPE html><html>404</html>"


@on_sqlite
def test_what_stands_for_a_file_or_a_log(db, tree):
    """Each says what to do, beside the others in one load."""
    psfs = [tree.add(number).psf for number in (1, 2, 3)]
    logs = [write_log(tree, number=number) for number in (1, 2)]
    stand_ins = {
        psfs[0]: (LFS, "not_fits", "git lfs pull"),
        psfs[1]: (ANNEX, "not_fits", "git annex get"),
        psfs[2]: (PAGE, "not_fits", "the download failed"),
        logs[0]: (LFS, "not_text", "git lfs pull"),
        logs[1]: (ANNEX, "not_text", "git annex get"),
    }
    for path, (text, _, _) in stand_ins.items():
        path.write_text(text)
    done = db.run("load", tree.root)
    assert (done.code, len(done.errors)) == (1, len(stand_ins))
    for path, (_, _, advice) in stand_ins.items():
        (line,) = (line for line in done.errors if str(path) in line)
        assert advice in line
    assert db.open_issues() == sorted((code, str(p)) for p, (_, code, _) in stand_ins.items())


def test_pipes_sockets_and_devices_are_not_opened(tree, monkeypatch):
    tree.add(1)
    raw = tree.root / "raw"
    os.mkfifo(raw / "X.fits")
    os.mkfifo(raw / "Y.fits.gz")
    (raw / "zero.NL.txt").symlink_to("/dev/zero")
    monkeypatch.chdir(raw)  # a socket's path may have 108 bytes only
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("S.fits.fz")
        assert told(tree.root) == [
            ("error", "not_a_file", "S.fits.fz"),
            ("error", "not_a_file", "X.fits"),
            ("error", "compressed", "Y.fits.gz"),
            ("error", "not_a_file", "zero.NL.txt"),
        ]


@on_sqlite
def test_a_pipe_in_place_of_a_file_that_was_loaded(db, tree):
    files = tree.add(1)
    db.load(tree.root)
    files.psf.unlink()
    os.mkfifo(files.psf)
    assert "(a pipe, a socket, a folder)" in db.fail("verify")


def test_links_that_lead_nowhere(tree):
    files = tree.add(1)
    files.psf.unlink()
    files.psf.symlink_to("gone.fits")
    shutil.rmtree(tree.root / "raw")
    (tree.root / "raw").symlink_to("/nowhere")
    assert told(tree.root) == [
        ("error", "unreadable", "raw"),
        ("error", "unreadable", files.psf.name),
    ]


def test_nested_folders(tree):
    """A thousand folders in each other took half a minute."""
    tree.add(1)
    deep = tree.root / "raw"
    for _ in range(900):
        deep = deep / "d"
    deep.mkdir(parents=True)
    begin = time.process_time()
    assert told(tree.root) == []
    assert time.process_time() - begin < 5
