"""The tree as a whole: names, validity, reproducibility and refusals."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from astropy.io import fits

from aomuse.simulate import SimulateError, simulate
from aomuse.simulate.hdus import primary
from aomuse.simulate.observation import observe
from aomuse.simulate.plan import PLAN, exposure
from aomuse.simulate.reduced import reduced
from aomuse.simulate.tree import write


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_files_are_named_as_at_the_observatory(tree):
    for files in tree:
        header = fits.getheader(files.reduced)
        assert files.raw.name == f"{header['PROV1']}.fz"
        assert files.prm.name == f"{files.reduced.stem}.prm.fits"
        assert files.psf.name == f"{files.reduced.stem}.psf.fits"
        assert " " not in files.reduced.name
        assert files.night_log.name == f"{header['PROV1'].removesuffix('.fits')}.NL.txt"
        assert files.catalog.name == f"{files.reduced.stem}.detections.cat"
    written = contents(tree[0].raw.parents[1])
    assert {name.split("/")[0] for name in written} == {"single", "raw", "analysis", "raman"}
    some = [[f.raman for f in tree], [f.maoppy_prm for f in tree], [f.maoppy_psf for f in tree]]
    counts = [sum(path is not None for path in paths) for paths in some]
    assert len(written) == 6 * len(tree) + sum(counts)
    assert all(0 < count < len(tree) for count in counts)


def test_a_night_is_varied(tree):
    headers = [fits.getheader(files.reduced) for files in tree]
    assert {files.mode for files in tree} == {"WFM-AO-N", "WFM-AO-E", "NFM-AO-N", "WFM-NOAO-N"}
    assert {"NGC 6397", "Barnard's star"} <= {files.target for files in tree}
    assert 3 <= len({header["ESO OBS ID"] for header in headers}) < len(tree)
    assert len({header["DATE-OBS"][:10] for header in headers}) == 2
    assert [h["DATE-OBS"] for h in headers] == sorted(h["DATE-OBS"] for h in headers)


def test_every_file_is_valid_fits(tree):
    for files in tree:
        for path in (files.reduced, files.raw, files.prm, files.psf):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with fits.open(path, checksum=False) as hdus:
                    hdus.verify("exception")
                    assert all(hdu.data is not None for hdu in hdus[1:])
            assert path.stat().st_size % 2880 == 0


def test_same_arguments_same_bytes(tmp_path):
    for name in ("a", "b"):
        simulate(tmp_path / name, exposures=1, sources=2, layers=5, seed=7)
    simulate(tmp_path / "other", exposures=1, sources=2, layers=5, seed=8)
    first = contents(tmp_path / "a")
    assert first == contents(tmp_path / "b")
    assert first != contents(tmp_path / "other")


def test_no_file_holds_a_gzip_stream_with_its_time(tree):
    assert not any(b"\x1f\x8b\x08" in files.raw.read_bytes() for files in tree)


def test_a_short_tree_begins_a_long_one(tmp_path):
    simulate(tmp_path / "short", exposures=1, sources=2, layers=5)
    simulate(tmp_path / "long", exposures=3, sources=2, layers=5)
    short, long = contents(tmp_path / "short"), contents(tmp_path / "long")
    assert len(long) == 6 * 3 + 3 + 2
    assert short == {name: long[name] for name in short}


def test_no_layers_or_sources_change_the_raw_file(tmp_path):
    few = simulate(tmp_path / "few", exposures=1, sources=1, layers=1)[0]
    many = simulate(tmp_path / "many", exposures=1, sources=5, layers=9)[0]
    assert few.raw.read_bytes() == many.raw.read_bytes()


def test_nights_go_on_without_clashes():
    planned = [exposure(1, index) for index in range(3 * len(PLAN))]
    names = [{p.product_name for p in planned}, {p.archive_name for p in planned}]
    assert [len(kind) for kind in names] == [len(planned)] * 2
    observation = observe(1, len(PLAN) + 2, layers=1)
    header = fits.Header.fromstring(next(reduced(observation)).decode())
    assert header["DATE-OBS"].startswith("2018-08-14T")


def test_progress_is_reported_exposure_by_exposure(tmp_path):
    lines: list[str] = []
    simulate(tmp_path, exposures=2, sources=0, layers=1, report=lines.append)
    assert lines == [
        "1/2 DATACUBE_FINAL_NGC6397_0001: NGC 6397, WFM-AO-N",
        "2/2 DATACUBE_FINAL_NGC6397_0002: NGC 6397, WFM-AO-N",
    ]


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("exposures", 0, "exposures is 0: give 1 or more"),
        ("sources", -1, "sources is -1: give 0 or more"),
        ("layers", 0, "layers is 0: give 1 or more"),
        ("seed", -3, "seed is -3: give 0 or more"),
    ],
)
def test_wrong_numbers_are_refused(tmp_path, argument, value, message):
    with pytest.raises(SimulateError) as caught:
        simulate(tmp_path / "out", **{argument: value})
    assert str(caught.value) == message
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_refused_and_kept(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    with pytest.raises(SimulateError, match="is not empty: name a folder that is new or empty"):
        simulate(tmp_path)
    with pytest.raises(SimulateError, match="is a file: name a folder that is new or empty"):
        simulate(kept)
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_a_killed_run_leaves_no_half_file(tmp_path):
    def killed() -> Iterator[bytes]:
        yield primary([])
        raise KeyboardInterrupt

    path = tmp_path / "single" / "X.fits"
    with pytest.raises(KeyboardInterrupt):
        write(path, killed())
    assert not path.exists()
    assert not list(tmp_path.rglob("*.fits"))
