"""Primary headers of the reduced and the raw file."""

import re
from datetime import datetime

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

TYPES = {
    "RA": float, "DEC": float, "EXPTIME": float, "MJD-OBS": float, "DATE-OBS": str, "OBJECT": str,
    "PROV1": str, "ARCFILE": str, "ESO OBS ID": int, "ESO OBS TARG NAME": str,
    "ESO INS MODE": str, "ESO TEL AMBI FWHM START": float, "ESO TEL AMBI FWHM END": float,
    "ESO TEL AIRM START": float, "ESO TEL AIRM END": float, "ESO TEL AMBI TAU0": float,
    "ESO OCS SGS ASM GL900 AVG": float, "ESO LGS1 LASR1 SWSIM": bool,
    "ESO LGS4 LASR4 POWER": float, "ESO PRO CATG": str, "ESO PRO SCIENCE": bool,
    "ESO INS IFU24 CHAN": int, "ESO DET DEV4 BOARD6 SERNO": str, "ESO QC SCIPOST NDET": int,
    "ESO TEL TARG ALPHA": float, "ESO INS AO SENS4 STAT45": bool,
}  # fmt: skip


def patterns(header: fits.Header) -> set[str]:
    keywords = {card.keyword for card in header.cards if "PRO REC" not in card.keyword}
    return {re.sub(r"\d", "#", keyword) for keyword in keywords}


@pytest.mark.parametrize("index", range(6))
def test_reduced_header(tree, index):
    files = tree[index]
    header = fits.getheader(files.reduced)
    assert 1600 <= len(header.cards) <= 1850
    assert {key: type(header[key]) for key in TYPES} == TYPES
    assert header["ESO PRO CATG"] == "DATACUBE_FINAL"
    assert header["PROV1"] == header["ARCFILE"] == f"MUSE.{header['DATE-OBS']}.fits"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", header["DATE-OBS"])
    assert abs(header["MJD-OBS"] - Time(header["DATE-OBS"], scale="utc").mjd) < 2e-8
    assert header["ESO OBS TARG NAME"] == header["OBJECT"] == files.target
    assert header["ESO INS MODE"] == files.mode


def test_kinds_of_cards(tree):
    header = fits.getheader(tree[0].reduced)
    keywords = [card.keyword for card in header.cards]
    assert keywords.count("COMMENT") == 2
    assert keywords.count("HISTORY") == 4
    assert keywords.count("") == 2
    undefined = header.cards["ESO TEL AMBI IWV30DSTD END"]
    assert isinstance(undefined.value, fits.card.Undefined)
    assert len(header["ESO PRO REC2 PARAM8 VALUE"]) > 70
    assert {bool, int, float, str} <= {type(card.value) for card in header.cards}
    plain = [k for k in keywords if k not in {"", "COMMENT", "HISTORY"}]
    assert len(plain) == len(set(plain))


def test_groups_keep_the_observatory_s_order(tree):
    header = fits.getheader(tree[0].reduced)
    seen = list(dict.fromkeys(k.split()[1] for k in header if k.startswith("ESO ")))
    assert seen == [
        "OBS", "TPL", "TEL", "INS", "INS2", "INS3", "INS4", "INS5", "DET", "DET2", "PRO", "ADA",
        "AOS", "LGS1", "LGS2", "LGS3", "LGS4", "LGS5", "OCS", "SEQ", "QC", "DRS",
    ]  # fmt: skip
    units = [k for k in header if re.match(r"ESO INS IFU\d+ ID", k)]
    assert units[:3] == ["ESO INS IFU1 ID", "ESO INS IFU10 ID", "ESO INS IFU11 ID"]


def test_keywords_are_those_of_a_real_file(tree, real_header):
    real = patterns(fits.getheader(real_header))
    for files in tree:
        ours = patterns(fits.getheader(files.reduced))
        assert len(real & ours) / len(real) >= 0.8


def test_comments_are_not_those_of_a_real_file(tree, real_header):
    real = {(c.keyword, c.comment) for c in fits.getheader(real_header).cards if c.comment}
    ours = {(c.keyword, c.comment) for c in fits.getheader(tree[0].reduced).cards}
    assert len(real & ours) < 0.02 * len(real)


def test_real_time_computer_only_with_adaptive_optics(tree):
    for files in tree:
        header = fits.getheader(files.reduced)
        adaptive = "NOAO" not in files.mode
        assert ("ESO AOS NGS1 FLUX" in header) is adaptive
        assert ("ESO AOS TT LOOP ST" in header) is adaptive
        raw = fits.getheader(files.raw)
        assert ("ESO AOS DSM MODE1" in raw) is adaptive
        # What the cameras say of themselves is there in any mode.
        assert "ESO AOS NGCIR TEMP" in raw
    degraded = [fits.getheader(f.reduced)["ESO LGS3 LASR3 SWSIM"] for f in tree]
    assert degraded == [False, True, False, False, False, False]


def test_the_narrow_field_has_its_own_keywords(tree):
    loops = [f"ESO AOS {name} LOOP ST" for name in ("HO", "IR", "JIT")]
    own = [*loops, *(f"ESO AOS NGS{i} FLUX" for i in range(2, 5)), "ESO AOS NGS ALPHA",
           "ESO AOS NGS DELTA", "ESO AOS MAIN MODES IRLOS"]  # fmt: skip
    for files in tree:
        narrow = files.mode.startswith("NFM")
        header, raw = fits.getheader(files.reduced), fits.getheader(files.raw)
        for key in own:
            assert (key in header) is (key in raw) is narrow
        assert ("ESO DRS MUSE RTC STREHL" in header) is narrow
        if not narrow:
            continue
        assert all(header[key] is True for key in loops)
        fluxes = [header[f"ESO AOS NGS{i} FLUX"] for i in range(1, 5)]
        assert fluxes == pytest.approx([np.mean(fluxes)] * 4, rel=0.1)
        hours, rest = divmod(header["ESO AOS NGS ALPHA"], 10000.0)
        minutes, seconds = divmod(rest, 100.0)
        away = 15.0 * (hours + minutes / 60.0 + seconds / 3600.0) - header["RA"]
        assert abs(away) < 0.001
        sparta = fits.getdata(files.raw, "SPARTA_ATM_DATA")
        ratios = np.array([sparta[f"LGS{n}_STREHL"] for n in range(1, 5)])
        median = np.median(ratios)
        assert header["ESO DRS MUSE RTC STREHL"] == pytest.approx(median, abs=1e-3)
        spread = np.median(np.abs(ratios - median))
        assert header["ESO DRS MUSE RTC STREHERR"] == pytest.approx(spread, abs=1e-3)


def test_lasers_that_are_off(tree):
    for files in tree:
        header = fits.getheader(files.reduced)
        for n in range(1, 5):
            power = header[f"ESO LGS{n} LASR{n} POWER"]
            assert (power > 0) is header[f"ESO LGS{n} SHUT1 ST"]
            # Public tools take a laser for one that works where this is 0.
            assert (power > 0) is (header[f"ESO LGS{n} LASR{n} SHUT STATE"] == 0)
            if "NOAO" not in files.mode:
                flux = header[f"ESO AOS LGS{n} FLUX"]
                assert flux == pytest.approx(900.0, abs=50.0) if power else flux == 0.0


def test_raw_header(tree):
    for files in tree:
        header, product = fits.getheader(files.raw), fits.getheader(files.reduced)
        if "NOAO" not in files.mode:
            assert 1750 <= len(header.cards) <= 1850
        assert header["ESO DPR CATG"] == "SCIENCE"
        assert header["ESO DPR TYPE"] == "OBJECT"
        assert header["NAXIS"] == 0
        assert f"{header['ARCFILE']}.fz" == files.raw.name
        assert header["DATE-OBS"] == product["DATE-OBS"]
        assert datetime.fromisoformat(header["DATE"]) < datetime.fromisoformat(product["DATE"])
        shared = [k for k in product if k.startswith(("ESO TEL", "ESO LGS", "ESO INS", "ESO OCS"))]
        assert all(str(header[k]) == str(product[k]) for k in shared)
