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
from aomuse.simulate.raw import raw
from aomuse.simulate.reduced import reduced
from aomuse.simulate.tree import write


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_files_are_named_as_at_the_observatory(tree, headers):
    for files, header, _ in headers:
        assert files.raw.name == f"{header['PROV1']}.fz"
        assert files.prm.name == f"{files.reduced.stem}.prm.fits"
        assert files.psf.name == f"{files.reduced.stem}.psf.fits"
        assert " " not in files.reduced.name
        assert files.night_log.name == f"{header['PROV1'].removesuffix('.fits')}.NL.txt"
        assert files.catalog.name == f"{files.reduced.stem}.detections.cat"
    written = contents(tree[0].raw.parents[1])
    assert {name.split("/")[0] for name in written} == {"single", "raw", "analysis", "raman"}
    some = zip(*((files.raman, files.maoppy_prm, files.maoppy_psf) for files in tree), strict=True)
    counts = [sum(path is not None for path in paths) for paths in some]
    assert len(written) == 6 * len(tree) + sum(counts)
    assert all(0 < count < len(tree) for count in counts)


def test_a_night_is_varied(tree, headers):
    assert {files.mode for files in tree} == {"WFM-AO-N", "WFM-AO-E", "NFM-AO-N", "WFM-NOAO-N"}
    assert {"NGC 6397", "Barnard's star"} <= {files.target for files in tree}
    assert 3 <= len({header["ESO OBS ID"] for _, header, _ in headers}) < len(tree)
    times = [header["DATE-OBS"] for _, header, _ in headers]
    assert times == sorted(times)
    assert len({time[:10] for time in times}) == 2


def test_every_file_is_valid_fits(tree):
    for files in tree:
        for path in (files.reduced, files.raw, files.prm, files.psf):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with fits.open(path, checksum=False) as hdus:
                    hdus.verify("exception")
                    assert all(hdu.data is not None for hdu in hdus[1:])
            assert path.stat().st_size % 2880 == 0
        assert b"\x1f\x8b\x08" not in files.raw.read_bytes()  # of a gzip stream, which has its time


def test_same_arguments_same_bytes_and_a_short_tree_begins_a_long_one(tmp_path):
    def simulated(name: str, exposures: int = 1, seed: int = 7) -> dict[str, bytes]:
        simulate(tmp_path / name, exposures=exposures, sources=2, layers=5, seed=seed)
        return contents(tmp_path / name)

    first, long = simulated("first"), simulated("long", exposures=3)
    assert first == simulated("again")
    assert first != simulated("other", seed=8)
    assert len(long) == 6 * 3 + 3 + 2
    assert first == {name: long[name] for name in first}


def test_no_layers_or_sources_change_the_raw_file(tmp_path, tree):
    few = simulate(tmp_path / "few", exposures=1, sources=1, layers=1)[0]
    many = simulate(tmp_path / "many", exposures=1, sources=5, layers=9)[0]
    assert few.raw.read_bytes() == many.raw.read_bytes() == b"".join(raw(observe(1, 0, 1)))
    assert tree[0].raw.read_bytes() == b"".join(raw(observe(1, 0, 1), clean=True))


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
    ("argument", "value", "least"),
    [("exposures", 0, 1), ("sources", -1, 0), ("layers", 0, 1), ("seed", -3, 0)],
)
def test_wrong_numbers_are_refused(tmp_path, argument, value, least):
    with pytest.raises(SimulateError) as caught:
        simulate(tmp_path / "out", **{argument: value})
    assert str(caught.value) == f"{argument} is {value}: give {least} or more"
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_refused_and_kept(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    for out, why in ((tmp_path, "is not empty"), (kept, "is a file")):
        with pytest.raises(SimulateError, match=f"{why}: name a folder that is new or empty"):
            simulate(out)
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_a_killed_run_leaves_no_half_file(tmp_path):
    def killed() -> Iterator[bytes]:
        yield primary([])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "single" / "X.fits", killed())
    assert not list(tmp_path.rglob("*.fits"))
