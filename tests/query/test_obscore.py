"""v_obscore against the standard ObsCore 1.1: its mandatory columns, their order and types."""

import pytest
import sqlalchemy as sa
from warehouse import execute, query

from aomuse.query.meanings import of_views
from aomuse.query.views import static_views

#: Mandatory columns of ObsCore 1.1 in their order, with type, unit and UCD (REC-ObsCore-v1.1,
#: tables 1 and 5); the UCDs of identifiers and types as errata and vocabulary have them now.
MANDATORY = """
    dataproduct_type varchar . meta.code.class
    calib_level integer . meta.code;obs.calib
    obs_collection varchar . meta.id
    obs_id varchar . meta.id
    obs_publisher_did varchar . meta.ref.ivoid
    access_url varchar . meta.ref.url
    access_format varchar . meta.code.mime
    access_estsize integer kbyte phys.size;meta.file
    target_name varchar . meta.id;src
    s_ra double deg pos.eq.ra
    s_dec double deg pos.eq.dec
    s_fov double deg phys.angSize;instr.fov
    s_region varchar . pos.outline;obs.field
    s_resolution double arcsec pos.angResolution
    s_xel1 integer . meta.number
    s_xel2 integer . meta.number
    t_min double d time.start;obs.exposure
    t_max double d time.end;obs.exposure
    t_exptime double s time.duration;obs.exposure
    t_resolution double s time.resolution
    t_xel integer . meta.number
    em_min double m em.wl;stat.min
    em_max double m em.wl;stat.max
    em_res_power double . spect.resolution
    em_xel integer . meta.number
    o_ucd varchar . meta.ucd
    pol_states varchar . meta.code;phys.polarization
    pol_xel integer . meta.number
    facility_name varchar . meta.id;instr.tel
    instrument_name varchar . meta.id;instr
"""
STANDARD = [line.split() for line in MANDATORY.split("\n") if line.strip()]
TYPES = {"varchar": {"varchar"}, "integer": {"int", "bigint"}, "double": {"double"}}


def rows(engine: sa.Engine) -> list[dict[str, object]]:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT * FROM v_obscore ORDER BY t_min")
        return [dict(row) for row in found.mappings()]


@pytest.mark.usefixtures("night")
def test_the_columns_and_their_types_are_those_of_the_standard(engine):
    columns = [column["name"] for column in sa.inspect(engine).get_columns("v_obscore")]
    assert columns == [name for name, *_ in STANDARD]
    (view,) = [r for r in of_views(static_views("sqlite")) if r.name == "v_obscore"]
    meanings = {name: (meaning.unit, meaning.ucd) for name, meaning in view.columns.items()}
    assert meanings == {name: (unit.replace(".", ""), ucd) for name, _, unit, ucd in STANDARD}
    if engine.dialect.name != "sqlite":
        select = "SELECT column_name, data_type FROM information_schema.columns"
        where = "table_schema = DATABASE() AND table_name = 'v_obscore'"
        types = dict(query(engine, f"{select} WHERE {where}"))
        for name, kind, *_ in STANDARD:
            assert types[name] in TYPES[kind], name


def test_a_cube_is_an_observation(night, engine):
    found = rows(engine)
    # The wide field is 60 arcsec wide, the narrow field 7.5.
    fields = ((60 * 2**0.5 / 3600, 2680), (7.5 * 2**0.5 / 3600, 2595))
    for row, (number, files), (field, power) in zip(
        found, night.files.items(), fields, strict=True
    ):
        cube = files.reduced.name.removesuffix(".fits")
        expected = {
            "dataproduct_type": "cube",
            "calib_level": 2,
            "obs_collection": "MUSE",
            "obs_id": cube,
            "obs_publisher_did": f"ivo://eso.org/ID?{files.archive_id}#{cube}",
            "access_url": "https://archive.eso.org/datalink/links?ID=ivo://eso.org/ID?"
            + files.archive_id,
            "access_format": "application/x-votable+xml;content=datalink",
            "access_estsize": -(-files.reduced.stat().st_size // 1024),
            "target_name": f"NGC 3201 p{number}",
            "s_fov": pytest.approx(field),
            "t_exptime": 600.0,
            "t_resolution": 600.0,
            "t_max": pytest.approx(row["t_min"] + 600 / 86400, abs=1e-9),
            "t_xel": 1,
            "em_min": pytest.approx(480e-9, rel=1e-12),
            "em_max": pytest.approx(930e-9, rel=1e-12),
            "em_res_power": power,
            "em_xel": 5,
            "o_ucd": "phot.flux.density;em.wl",
            "pol_states": None,
            "pol_xel": 0,
            "facility_name": "ESO-VLT-U4",
            "instrument_name": "MUSE",
        }
        assert {name: row[name] for name in expected} == expected
        shape, frame, ra, dec, radius = str(row["s_region"]).split()
        assert (shape, frame) == ("CIRCLE", "ICRS")
        assert (float(ra), float(dec)) == (row["s_ra"], row["s_dec"])
        assert float(radius) == pytest.approx(field / 2, abs=1e-6)


@pytest.mark.usefixtures("night")
def test_the_extended_mode_begins_at_465_nm(engine):
    execute(engine, "UPDATE exposure SET instrument_mode = 'WFM-AO-E'")
    assert [row["em_min"] for row in rows(engine)] == pytest.approx([465e-9] * 2, rel=1e-12)


@pytest.mark.usefixtures("night")
def test_what_is_not_known_is_null_and_what_must_not_be_null_is_not(engine):
    names = ("instrument_mode", "target_id", "ra_deg", "dec_deg", "mjd_obs", "exposure_time_s")
    unknown = ", ".join(f"{name} = NULL" for name in names)
    execute(engine, f"UPDATE exposure SET {unknown}", "DELETE FROM psf_fit")
    for row in rows(engine):
        for name in ("dataproduct_type", "calib_level", "obs_collection", "obs_id"):
            assert row[name] is not None
        for name in ("target_name", "s_ra", "s_fov", "s_region", "t_max", "em_min", "em_xel"):
            assert row[name] is None
