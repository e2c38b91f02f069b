"""Cards as text, read back with astropy, and the primary headers of the reduced and raw file."""

import doctest
import re
import string
from collections import Counter
from datetime import datetime

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

from aomuse.simulate import cards
from aomuse.simulate.cards import card, commentary, header

#: Types of values that are not compared with others below.
TYPES = {
    "RA": float, "DEC": float, "EXPTIME": float, "MJD-OBS": float, "ESO OBS ID": int,
    "ESO TEL AMBI FWHM START": float, "ESO TEL AMBI FWHM END": float,
    "ESO TEL AIRM START": float, "ESO TEL AIRM END": float, "ESO TEL AMBI TAU0": float,
    "ESO OCS SGS ASM GL900 AVG": float, "ESO LGS1 LASR1 SWSIM": bool,
    "ESO LGS4 LASR4 POWER": float, "ESO PRO SCIENCE": bool, "ESO INS IFU24 CHAN": int,
    "ESO DET DEV4 BOARD6 SERNO": str, "ESO QC SCIPOST NDET": int, "ESO TEL TARG ALPHA": float,
    "ESO INS AO SENS4 STAT45": bool,
}  # fmt: skip


@pytest.mark.parametrize("keyword", ["EXPTIME", "ESO TEL AIRM END", "ESO OCS SGS ASM GL900 AVG"])
@pytest.mark.parametrize(
    "value",
    [True, False, 0, -12, 1755413, 30.0, -0.5, 1.062, 57920.06593596, 4.8e-06, 1e-05, 1.5e300,
     "", "F", "Barnard's star", "NGC 6397", "2018-08-13T00:05:07.120"],
)  # fmt: skip
def test_values_come_back_with_their_types(keyword, value):
    text = card(keyword, value, "what it is")
    assert len(text) == 80
    read = fits.Card.fromstring(text)
    read.verify("exception")
    assert (read.keyword, read.value, read.comment) == (keyword, value, "what it is")
    assert type(read.value) is type(value)


def test_an_undefined_value_stays_undefined():
    read = fits.Card.fromstring(card("ESO TEL AMBI IWV", None, "no reading"))
    assert isinstance(read.value, fits.card.Undefined)
    assert read.comment == "no reading"


@pytest.mark.parametrize("length", [50, 60, 66, 120, 133, 300])
def test_long_strings_continue(length):
    value = (12 * string.ascii_lowercase)[:length]
    text = card("ESO PRO REC2 PARAM8 VALUE", value, "filters")
    assert len(text) == 80 * (1 + text.count("CONTINUE"))
    assert fits.Header.fromstring(text)["ESO PRO REC2 PARAM8 VALUE"] == value


def test_long_comments_are_cut_and_headers_fill_blocks():
    assert len(card("ESO DET DID", "ESO-VLT-DIC.NGCDCS,ESO-VLT-DIC.NGCCON", "word " * 20)) == 80
    block = header([commentary("HISTORY", "x"), commentary("")] * 20)
    assert len(block) == 2 * 2880
    assert block.rstrip().endswith(b"END")


def test_examples():
    assert doctest.testmod(cards).failed == 0


def patterns(read: fits.Header) -> set[str]:
    return {re.sub(r"\d", "#", keyword) for keyword in read if "PRO REC" not in keyword}


def test_reduced_header(headers):
    for files, product, _ in headers:
        assert 1600 <= len(product.cards) <= 1850
        assert {key: type(product[key]) for key in TYPES} == TYPES
        assert product["ESO PRO CATG"] == "DATACUBE_FINAL"
        assert product["PROV1"] == product["ARCFILE"] == f"MUSE.{product['DATE-OBS']}.fits"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", product["DATE-OBS"])
        assert abs(product["MJD-OBS"] - Time(product["DATE-OBS"], scale="utc").mjd) < 2e-8
        assert product["ESO OBS TARG NAME"] == product["OBJECT"] == files.target
        assert product["ESO INS MODE"] == files.mode


def test_kinds_of_cards_in_the_observatory_s_order(headers):
    product = headers[0][1]
    counts = Counter(product.keys())
    assert [counts.pop(kind) for kind in ("COMMENT", "HISTORY", "")] == [2, 4, 2]
    assert set(counts.values()) == {1}
    assert isinstance(product.cards["ESO TEL AMBI IWV30DSTD END"].value, fits.card.Undefined)
    assert len(product["ESO PRO REC2 PARAM8 VALUE"]) > 70
    assert {bool, int, float, str} <= {type(card.value) for card in product.cards}
    seen = list(dict.fromkeys(k.split()[1] for k in product if k.startswith("ESO ")))
    assert seen == [
        "OBS", "TPL", "TEL", "INS", "INS2", "INS3", "INS4", "INS5", "DET", "DET2", "PRO", "ADA",
        "AOS", "LGS1", "LGS2", "LGS3", "LGS4", "LGS5", "OCS", "SEQ", "QC", "DRS",
    ]  # fmt: skip
    units = [k for k in product if re.match(r"ESO INS IFU\d+ ID", k)]
    assert units[:3] == ["ESO INS IFU1 ID", "ESO INS IFU10 ID", "ESO INS IFU11 ID"]


def test_keywords_are_those_of_a_real_file_but_not_their_comments(headers, shared_data):
    found = sorted(shared_data.glob("MUSE.*.fits"))
    if not found:
        pytest.skip(f"no real header in {shared_data}")
    real, first = fits.getheader(found[0]), headers[0][1]
    for _, product, _ in headers:
        assert len(patterns(real) & patterns(product)) / len(patterns(real)) >= 0.8
    theirs = {(c.keyword, c.comment) for c in real.cards if c.comment}
    assert len(theirs & {(c.keyword, c.comment) for c in first.cards}) < 0.02 * len(theirs)


def test_real_time_computer_only_with_adaptive_optics(headers):
    for files, product, raw in headers:
        adaptive = "NOAO" not in files.mode
        assert ("ESO AOS NGS1 FLUX" in product) is adaptive
        assert ("ESO AOS TT LOOP ST" in product) is adaptive
        assert ("ESO AOS DSM MODE1" in raw) is adaptive
        # What the cameras say of themselves is there in any mode.
        assert "ESO AOS NGCIR TEMP" in raw
    degraded = [product["ESO LGS3 LASR3 SWSIM"] for _, product, _ in headers]
    assert degraded == [False, True, False, False, False, False]


def test_the_narrow_field_has_its_own_keywords(headers):
    loops = [f"ESO AOS {name} LOOP ST" for name in ("HO", "IR", "JIT")]
    own = [*loops, *(f"ESO AOS NGS{i} FLUX" for i in range(2, 5)), "ESO AOS NGS ALPHA",
           "ESO AOS NGS DELTA", "ESO AOS MAIN MODES IRLOS"]  # fmt: skip
    for files, product, raw in headers:
        narrow = files.mode.startswith("NFM")
        assert all((key in product) is (key in raw) is narrow for key in own)
        assert ("ESO DRS MUSE RTC STREHL" in product) is narrow
        if not narrow:
            continue
        assert all(product[key] is True for key in loops)
        fluxes = [product[f"ESO AOS NGS{i} FLUX"] for i in range(1, 5)]
        assert fluxes == pytest.approx([np.mean(fluxes)] * 4, rel=0.1)
        hours, rest = divmod(product["ESO AOS NGS ALPHA"], 10000.0)
        minutes, seconds = divmod(rest, 100.0)
        alpha = 15.0 * (hours + minutes / 60.0 + seconds / 3600.0)
        assert alpha == pytest.approx(product["RA"], abs=0.001)
        sparta = fits.getdata(files.raw, "SPARTA_ATM_DATA")
        ratios = np.array([sparta[f"LGS{n}_STREHL"] for n in range(1, 5)])
        median = np.median(ratios)
        spread = np.median(np.abs(ratios - median))
        stated = [product[f"ESO DRS MUSE RTC {name}"] for name in ("STREHL", "STREHERR")]
        assert stated == pytest.approx([median, spread], abs=1e-3)


def test_lasers_that_are_off(headers):
    for files, product, _ in headers:
        for n in range(1, 5):
            power = product[f"ESO LGS{n} LASR{n} POWER"]
            assert (power > 0) is product[f"ESO LGS{n} SHUT1 ST"]
            # Public tools take a laser for one that works where this is 0.
            assert (power > 0) is (product[f"ESO LGS{n} LASR{n} SHUT STATE"] == 0)
            if "NOAO" not in files.mode:
                flux = product[f"ESO AOS LGS{n} FLUX"]
                assert flux == pytest.approx(900.0, abs=50.0) if power else flux == 0.0


def test_raw_header(headers):
    for files, product, raw in headers:
        if "NOAO" not in files.mode:
            assert 1750 <= len(raw.cards) <= 1850
        assert (raw["ESO DPR CATG"], raw["ESO DPR TYPE"]) == ("SCIENCE", "OBJECT")
        assert raw["NAXIS"] == 0
        assert f"{raw['ARCFILE']}.fz" == files.raw.name
        assert raw["DATE-OBS"] == product["DATE-OBS"]
        assert datetime.fromisoformat(raw["DATE"]) < datetime.fromisoformat(product["DATE"])
        shared = [k for k in product if k.startswith(("ESO TEL", "ESO LGS", "ESO INS", "ESO OCS"))]
        assert all(str(raw[k]) == str(product[k]) for k in shared)
