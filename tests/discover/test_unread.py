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


def test_a_compressed_file_beside_the_unpacked_one(tree):
    files = tree.add(1)
    packed = files.reduced.with_name(f"{files.reduced.name}.gz")
    packed.write_bytes(gzip.compress(files.reduced.read_bytes()))
    assert told(tree.root) == [("note", "compressed", packed.name)]


def test_a_root_of_compressed_files_alone(tmp_path):
    (tmp_path / "X.fits.gz").write_bytes(gzip.compress(b"SIMPLE"))
    assert told(tmp_path) == [("error", "compressed", "X.fits.gz")]


@pytest.mark.parametrize("name", ["X.fit", "X.fts", "X.fits.bak", "X.fits~", "X.fits\n"])
def test_a_cube_with_another_name(tree, name):
    tree.add(1, without=["raw"])
    path = tree.root / "single" / name
    factory.write(path, factory.reduced(2))
    assert told(tree.root) == [("error", "file_name", name)]


def test_another_fits_file_beside_the_analyses(tree):
    files = tree.add(1)
    path = files.psf.with_name("spectra.fits")
    factory.write(path, factory.reduced(2))
    assert told(tree.root) == [("note", "file_name", path.name)]


def test_names_that_are_not_ours(tree):
    tree.add(1)
    for name in ("X.fits.md5", "X.fits.png", "readme.txt", "X.xml", "X.fits.fz.log", ".X.fits.swp"):
        (tree.root / "raw" / name).write_text("0123456789")
    assert told(tree.root) == []


@pytest.mark.parametrize("suffix", [".part", ".crdownload", ".filepart"])
def test_unfinished_downloads(tree, suffix):
    files = tree.add(1)
    path = files.raw.with_name(f"{files.raw.name}{suffix}")
    path.write_bytes(files.raw.read_bytes()[:4000])
    assert told(tree.root) == [("warning", "unfinished", path.name)]


def test_names_with_line_ends_are_read(tree):
    files = tree.add(1)
    names = {role: files.file(role).name for role in factory.ROLES}
    names |= {role: f"a\n{names[role]}" for role in ("reduced", "prm", "psf")}
    for role, name in names.items():
        files.file(role).rename(files.file(role).with_name(name))
    (found,) = discover([tree.root]).exposures
    assert ([file.name for file in found.files], found.issues) == (list(names.values()), ())


POINTERS = {
    "git-lfs": (
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 400\n",
        "git lfs pull",
    ),
    "git-annex": ("../.git/annex/objects/SHA256E-s12345--abcdef.fits\n", "git annex get"),
    "a page": ("<!DOCTYPE html><html>404</html>", "the download failed"),
}


@on_sqlite
def test_what_stands_for_a_file_or_a_log(db, tree):
    """Each says what to do, beside the others in one load."""
    expected = {}
    for number, (text, advice) in enumerate(POINTERS.values(), 1):
        path = tree.add(number).psf
        path.write_text(text)
        expected[str(path)] = "not_fits", advice
    for number, what in enumerate(("git-lfs", "git-annex"), 1):
        text, advice = POINTERS[what]
        path = write_log(tree, number=number)
        path.write_text(text)
        expected[str(path)] = "not_text", advice
    done = db.run("load", tree.root)
    assert (done.code, len(done.errors)) == (1, len(expected))
    for path, (_, advice) in expected.items():
        (line,) = (line for line in done.errors if path in line)
        assert advice in line
    assert db.open_issues() == sorted((code, path) for path, (code, _) in expected.items())


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
    done = db.run("verify")
    assert (done.code, len(done.errors)) == (1, 1), done.text
    assert "(a pipe, a socket, a folder)" in done.errors[0]


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


def test_a_folder_has_its_own_path_though_a_link_leads_there(tree):
    files = tree.add(1)
    (tree.root / "a_link").symlink_to("raw")
    (tree.root / "raw" / "back").symlink_to(tree.root)
    found = discover([tree.root])
    assert (tuple(f.path for f in found.exposures[0].files), found.issues) == (files.all, [])


def test_a_link_called_raw_says_what_is_in_it(tree):
    files = tree.add(1)
    (tree.root / "raw").rename(tree.root / "data")
    (tree.root / "raw").symlink_to("data")
    found = discover([tree.root])
    assert (tuple(f.path for f in found.exposures[0].files), found.issues) == (files.all, [])


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
