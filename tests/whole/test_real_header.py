"""The header of a real reduced product, card for card and byte for byte."""

import datetime as dt
import shutil

import pytest
from astropy.io import fits

from aomuse.stored.exposure import StoredExposure
from aomuse.verify import verify

NAME = "MUSE.2017-06-16T01:34:56.867.fits"
BLOCK, CARD = 2880, 80


@pytest.fixture
def real_file(shared_data, tmp_path):
    path = tmp_path / "single" / NAME
    path.parent.mkdir()
    shutil.copyfile(shared_data / NAME, path)
    return path


def test_all_cards_come_back_to_the_byte(db, real_file):
    assert "1 loaded" in db.load(real_file.parents[1]).out
    content = real_file.read_bytes()
    with db.engine.connect() as connection, fits.open(real_file) as hdus:
        stored = StoredExposure(connection, 1)
        headers = stored.headers(stored.files[0].id)
        assert [header.extension_name for header in headers] == ["PRIMARY", "DATA"]
        images = stored.card_images(headers[0].id)
        assert len(images) == 1696 * CARD
        assert content.startswith(images + b"END".ljust(CARD))
        second = stored.card_images(headers[1].id)
        start = (len(images) // BLOCK + 1) * BLOCK
        assert content[start:].startswith(second + b"END".ljust(CARD))
        for header, hdu in zip(headers, hdus, strict=True):
            cards = stored.cards([header.id])[header.id]
            assert [(c.keyword, c.value, type(c.value), c.comment) for c in cards] == [
                (c.keyword, c.value, type(c.value), c.comment) for c in hdu.header.cards
            ]
    assert [result.differences for result in verify(db.engine)] == [()]


def test_row_of_the_exposure(db, real_file):
    db.load(real_file.parents[1])
    (row,) = db.rows("exposure")
    target = db.scalar("SELECT name FROM target WHERE id = :id", id=row["target_id"])
    assert {name: row[name] for name in row.keys() - {"id", "target_id"}} | {"target": target} == {
        "target": "IC4406",
        "content_version": 1,
        "archive_id": "MUSE.2017-06-16T01:34:56.867",
        "raw_file": None,
        "instrument_mode": "WFM-AO-N",
        "date_obs_utc": dt.datetime(2017, 6, 16, 1, 34, 56),
        "mjd_obs": 57920.06593596,
        "exposure_time_s": 30.0,
        "ra_deg": 215.609208,
        "dec_deg": -44.15056,
        "object_name": "IC4406 (white)",
        "ob_id": 1755413,
        "ob_name": "IC4406",
        "program_id": "60.A-9100(G)",
        "template_id": "MUSE_wfm-ao_obs_genericoffsetLGS",
        "seeing_start_arcsec": 0.47,
        "seeing_end_arcsec": 0.52,
        "airmass_start": 1.062,
        "airmass_end": 1.062,
        "tau0_s": 0.0078,
        "ia_fwhm_arcsec": 0.66,
        "ground_layer_fraction": None,
        "sgs_fwhm_arcsec": 0.395,
        "ngs_flux": None,
        "tip_tilt_loop": None,
        "lgs1_simulated": False,
        "lgs2_simulated": False,
        "lgs3_simulated": False,
        "lgs4_simulated": False,
        "wind_speed_m_s": 1.98,
        "wind_direction_deg": 281.5,
        "temperature_c": 11.75,
        "humidity_percent": 12.5,
        "pressure_start_hpa": 746.93,
        "pwv_start_mm": 2.04,
        "pwv_end_mm": 2.04,
        "parallactic_angle_start_deg": 5.171,
        "parallactic_angle_end_deg": 6.317,
        "altitude_deg": 70.339,
        "azimuth_deg": 4.07,
        "position_angle_deg": 135.6,
    }
