"""Extensions of the raw file."""

from collections import Counter
from contextlib import ExitStack

import numpy as np
import pytest
from astropy.io import fits
from fits_factory import ASM_COLUMNS

from aomuse.simulate.observation import observe
from aomuse.simulate.raw import raw
from aomuse.simulate.sparta import QUANTITIES


@pytest.fixture(scope="module")
def raws(tree):
    """Raw files that are opened once; to find an extension astropy reads 30 headers."""
    with ExitStack() as stack:
        yield [stack.enter_context(fits.open(files.raw)) for files in tree]


def formats(hdu: fits.BinTableHDU) -> list[str]:
    return [hdu.header[f"TFORM{i}"] for i in range(1, hdu.header["TFIELDS"] + 1)]


def test_channels(raws):
    for hdus in raws:
        names = [hdu.name for hdu in hdus if hdu.name.startswith("CHAN")]
        assert sorted(names) == [f"CHAN{i:02d}" for i in range(1, 25)]
        assert names != sorted(names)
        assert [hdu.name for hdu in hdus[1:25]] == names
    for hdu in (hdu for hdus in raws for hdu in hdus[1:25]):
        assert isinstance(hdu, fits.CompImageHDU)
        assert len(hdu.header.cards) == 99
        assert hdu.shape == (16, 16)
        assert hdu.header["ESO DET CHIP NAME"] == hdu.name
        assert hdu.header["ESO DET OUT4 NX"] == 2048
        assert hdu.header["CTYPE1"] == "RA---TAN"
        assert "COMMENT" in hdu.header


def test_extensions_go_with_the_mode(tree, raws):
    tail = {f.mode: [hdu.name for hdu in hdus[25:]] for f, hdus in zip(tree, raws, strict=True)}
    sparta = ["SPARTA_TT_ACQ_IMG", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA"]
    guiding = ["SGS_DATA", "AG_DATA"]
    assert tail == {
        "WFM-AO-N": ["ASM_DATA", *sparta, *guiding, "SPARTA_TT_CUBE"],
        "WFM-AO-E": ["ASM_DATA", *sparta, *guiding, "SPARTA_TT_CUBE"],
        "NFM-AO-N": ["ASM_DATA", *sparta, "SPARTA_TT_CUBE"],
        "WFM-NOAO-N": ["ASM_DATA", *guiding],
    }


def test_site_monitor(tree, raws):
    for files, hdus in zip(tree, raws, strict=True):
        hdu = hdus["ASM_DATA"]
        assert hdu.columns.names == ["TIME_STAMP", *ASM_COLUMNS]
        assert formats(hdu) == ["26A"] + ["D"] * 31
        assert hdu.data["TIME_STAMP"][0].startswith(files.raw.name[5:28])
        assert np.ptp(hdu.data["AIRMASS"]) > 0
        assert len(hdu.data) == np.ceil(hdus[0].header["EXPTIME"] / 60.0) + 1
    # The first of MASS's layers is the ground, and it misses minutes.
    data = np.concatenate([hdus["ASM_DATA"].data for hdus in raws])
    layers = np.array([data[f"MASS_TURB{i}"] for i in range(7)])
    np.testing.assert_allclose(layers[0] / layers.sum(axis=0), data["MASS_FRACGL"])
    assert 0 < np.isnan(layers[3]).sum() < len(data) / 2


def test_sensors(tree, raws):
    lasers = [f"LGS{n}_{quantity}" for n in range(1, 5) for quantity in QUANTITIES]
    orders = set()
    for files, hdus in zip(tree, raws, strict=True):
        if "NOAO" in files.mode:
            continue
        hdu = hdus["SPARTA_ATM_DATA"]
        names = hdu.columns.names
        assert names[:2] == ["Sec", "USec"]
        assert sorted(names[2:]) == sorted(lasers)
        assert names[2:] != lasers
        assert formats(hdu) == ["1J", "1J"] + ["1E"] * 44
        start = np.datetime64(hdus[0].header["DATE-OBS"]).astype("datetime64[s]").astype(int)
        assert 0 <= hdu.data["Sec"][0] - start < 60
        assert np.all((hdu.data["USec"] >= 0) & (hdu.data["USec"] < 1_000_000))
        orders.add(tuple(names))
    assert len(orders) == 2


def test_lasers_that_are_off_and_on(raws):
    data = raws[1]["SPARTA_ATM_DATA"].data
    assert all(not data[f"LGS3_{quantity}"].any() for quantity in QUANTITIES)
    assert all(data[f"LGS2_{quantity}"].all() for quantity in QUANTITIES)
    # They follow the seeing.
    seeing = [hdus[0].header["ESO TEL AMBI FWHM START"] for hdus in raws[:5]]
    sensed = [hdus["SPARTA_ATM_DATA"].data["LGS1_SEEING"].mean() for hdus in raws[:5]]
    assert np.corrcoef(seeing, sensed)[0, 1] > 0.7


def test_a_few_samples_of_the_lasers_went_wrong():
    found = Counter()
    for observation in (observe(1, index, layers=1) for index in range(12)):
        for pair in zip(raw(observation), raw(observation, clean=True), strict=True):
            if b"'SPARTA_ATM_DATA'" not in pair[1]:
                assert pair[0] == pair[1]
                continue
            spoilt, right = (fits.BinTableHDU.fromstring(hdu).data for hdu in pair)
            for n in range(1, 5):
                on = right[f"LGS{n}_R0"] > 0
                r0, outer = spoilt[f"LGS{n}_R0"], spoilt[f"LGS{n}_L0"]
                # A laser that is off stays so.
                assert not r0[~on].any()
                assert not outer[~on].any()
                found["samples"] += on.sum()
                found["zero"] += (r0[on] == 0).sum()
                found["nan"] += np.isnan(r0[on]).sum()
                found["absurd"] += (outer[on] == 1000).sum()
                same = on & (r0 == right[f"LGS{n}_R0"]) & (outer == right[f"LGS{n}_L0"])
                assert same.sum() >= 0.7 * on.sum()
    samples = found.pop("samples")
    assert all(0.003 < count / samples < 0.02 for count in found.values()), found


def test_turbulence_profile(raws):
    blocks = ("CN2_ALT", "CN2_FRAC_ALT", "L0_ALT", "ALT")
    layers = [f"{name}{i}" for name in blocks for i in range(1, 9)]
    hdu = raws[0]["SPARTA_CN2_DATA"]
    assert hdu.columns.names == ["Sec", "USec", "L0Tot", "r0Tot", "seeingTot", *layers]
    assert formats(hdu) == ["1J", "1J"] + ["1E"] * 35
    shares = sum(hdu.data[f"CN2_FRAC_ALT{i}"] for i in range(1, 9))
    np.testing.assert_allclose(shares, 1.0, rtol=1e-6)
    # Heights in km above the telescope; the header repeats them.
    heights = np.array([hdu.data[f"ALT{i}"][0] for i in range(1, 9)])
    assert 0.02 < heights[0] < 0.1 < 10.0 < heights[-1] < 25.0
    primary = raws[0][0].header
    stated = [primary[f"ESO AOS CNSQ H{i}"] for i in range(1, 9)]
    assert stated == pytest.approx(heights, abs=1e-3)


def test_guiding_tables_have_all_kinds_of_columns(raws):
    slow = raws[0]["SGS_DATA"]
    assert formats(slow) == ["D", "D", "E", "E", "E", "J", "8A", "L", "8E"]
    assert formats(raws[0]["AG_DATA"]) == ["26A", "D", "D", "K", "I", "L", "2D", "12A"]
    assert slow.header["TNULL6"] == -1
    assert slow.header["TUNIT3"] == "arcsec"
    lost = ~slow.data["LOOP"]
    assert lost.any()
    assert np.isnan(slow.data["OBJ_FLUX"][lost]).all()
    assert (slow.data["NOBJ"][lost] == -1).all()
