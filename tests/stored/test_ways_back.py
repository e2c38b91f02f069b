"""All ways back from rows to values agree, on what no plain column holds, before and after edits.

What is expected is written here, as the files and the edits have it; nothing of it comes from the
loader.
"""

import json
from pathlib import Path
from typing import Any

import fits_factory as factory
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from astropy.io import fits
from fits_factory import Files, Tree
from sqlalchemy.orm import Session
from warehouse import succeed

import aomuse as package
from aomuse.models import Exposure, Header
from aomuse.predict.sparta import sparta_table
from aomuse.stored.exposure import StoredExposure
from aomuse.verify import verify

INF, NAN = np.inf, np.nan
ROWS = 5
SPECIAL = [INF, -INF, -0.0, NAN, 0.0]
#: A TNULL, in a column of integers.
NULL = -1

#: What the files hold, by the place of its values. Where a file says NULL, its TNULL.
LOADED: dict[str, list[Any]] = {
    "telemetry": SPECIAL,
    "telemetry integers": [7, NULL, 9, 0, 3],
    "telemetry seconds": [1534118460, NULL, 1534118462, 0, 5],
    "store floats": SPECIAL,
    "store integers": [7, NULL, 9, 0, 3],
    "store beyond int64": [2**63 + 5, 0, 2**64 - 1, 1, 2**63 - 1],
    "store complex": [complex(INF, -0.0), 0j, complex(-0.0, -INF), complex(NAN, 1.0), 1j],
    "store flags": [True, None, False, True, None],
    "store texts": ["a", "none", "", "NaN", "-0.0"],
    "store vectors": [[v, -v] for v in SPECIAL],
    "store lists": [[], [INF], [-0.0, NAN], [1.0, -INF, 0.0], []],
    "parameter": SPECIAL,
    "source": SPECIAL,
    "cards": [INF, -INF, -0.0, 2**70, complex(1.5, -2.5), None, "inf", True, 0.0],
    "exposure": [INF, -0.0],
}
#: Columns of tables of a raw file. Documents have those of AOMUSE 2020 alone.
TELEMETRY = {
    "telemetry": "LGS1_R0",
    "telemetry integers": "LGS1_STREHL",
    "telemetry seconds": "Sec",
}
STRANGE = {
    "store floats": "level",
    "store integers": "count",
    "store beyond int64": "big",
    "store complex": "phase",
    "store flags": "good",
    "store texts": "name",
    "store vectors": "pair",
    "store lists": "list",
}
CARDS = ("XINF", "XMINF", "XZERO", "XBIG", "XCOMPLEX", "XNONE", "XTEXT", "XFLAG", "XPLAIN")
VALUES = ("1E400", "-1E400", "-0.0", str(2**70), "(1.5, -2.5)", "", "'inf     '", "T", "0.0")


def sparta() -> fits.BinTableHDU:
    seconds, strehl = (
        np.array(LOADED[f"telemetry {name}"], dtype=np.int32) for name in ("seconds", "integers")
    )
    return fits.BinTableHDU.from_columns(
        [
            fits.Column("Sec", "1J", null=NULL, array=seconds),
            fits.Column("LGS1_R0", "1E", array=np.array(SPECIAL, dtype=np.float32)),
            fits.Column("LGS4_R0", "1E", array=np.arange(ROWS, dtype=np.float32)),
            fits.Column("LGS1_STREHL", "1J", null=NULL, array=strehl),
        ],
        name="SPARTA_ATM_DATA",
    )


def strange() -> fits.BinTableHDU:
    lists = np.empty(ROWS, dtype=object)
    lists[:] = [np.array(part) for part in LOADED["store lists"]]
    large = np.array(LOADED["store beyond int64"], np.uint64)
    return fits.BinTableHDU.from_columns(
        [
            fits.Column("level", "1D", array=SPECIAL),
            fits.Column("count", "1J", null=NULL, array=LOADED["store integers"]),
            fits.Column("big", "1K", bzero=2**63, array=large),
            fits.Column("phase", "1M", array=np.array(LOADED["store complex"])),
            fits.Column("good", "1L", array=[bool(value) for value in LOADED["store flags"]]),
            fits.Column("name", "4A", array=LOADED["store texts"]),
            fits.Column("pair", "2D", array=np.array(LOADED["store vectors"])),
            fits.Column("list", "PD()", array=lists),
        ],
        name="STRANGE",
    )


def write_raw(files: Files) -> None:
    raw = factory.raw(files.number)
    raw["SPARTA_ATM_DATA"] = sparta()
    raw.append(strange())
    factory.write(files.raw, raw)
    for text in (b"none", b"-0.0"):  # a logical that is neither T nor F is undefined
        factory.edit_bytes(files.raw, lambda raw, t=text: raw.replace(b"F" + t, b"\0" + t))


@pytest.fixture
def night(db_url, tmp_path):
    tree = Tree(tmp_path / "night")
    files = tree.add(1)
    write_raw(files)
    write_raw(tree.add(2))
    factory.write(files.reduced, factory.reduced(1, **dict.fromkeys(CARDS, 1.0)))
    for keyword, value in (*zip(CARDS, VALUES, strict=True), ("RA", "1E400"), ("DEC", "-0.0")):
        factory.set_card(files.reduced, 0, keyword, value)

    def parameters(hdus: fits.HDUList) -> None:
        hdus["PSFPARS"].data["polyfit"][1] = SPECIAL  # fwhm

    def source(hdus: fits.HDUList) -> None:
        hdus["PM_3"].data["flux"] = SPECIAL

    factory.edit(files.prm, parameters)
    factory.edit(files.psf, source)
    succeed(db_url, "load", tree.root)
    return files


def plain(value: Any) -> Any:
    """Give a value so that two are equal only if they are the same to the sign of a zero."""
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA:
        return None
    return (type(value).__name__, repr(value))


def of_documents(data: dict[str, Any], params: Any, sources: Any) -> dict[str, Any]:
    """Give the values that documents have; JSON has a complex number as text."""
    cards = [data["PRIMARY"][keyword] for keyword in CARDS]
    return {
        **{place: data["SPARTA_ATM_DATA"][name] for place, name in TELEMETRY.items()},
        "parameter": params["fwhm"],
        "source": sources["PM_3"]["flux"],
        "cards": [complex(c) if i == 4 and isinstance(c, str) else c for i, c in enumerate(cards)],
    }


def of_objects(engine: sa.Engine, archive_id: str) -> tuple[int, dict[str, Any]]:
    """Give the number of an exposure, and what its objects say."""
    with Session(engine) as session:
        select = sa.select(Exposure).where(Exposure.archive_id == archive_id)
        exposure = session.scalars(select).one()
        fit = exposure.psf_fits[0]
        return exposure.id, of_documents(exposure.data(), fit.psf_params(), fit.sources())


def of_verify(connection: sa.Connection, number: int) -> dict[str, Any]:
    """Give what `aomuse verify` compares with the files; NULL is what a file has."""
    stored = StoredExposure(connection, number)
    headers = connection.execute(
        sa.select(Header.extension_name, Header.id)
        .where(Header.exposure_id == number)
        .order_by(Header.source_file_id.desc(), Header.hdu_index.desc())
    )
    ids = dict(headers.all())
    names = ("SPARTA_ATM_DATA", "STRANGE", "PSFPARS", "PM_3")
    tables = {name: {c.format.name: c for c in stored.table(ids[name])} for name in names}
    atm, other = tables["SPARTA_ATM_DATA"], tables["STRANGE"]
    good = other["good"]
    cards = {card.keyword: card.value for card in stored.cards([ids["PRIMARY"]])[ids["PRIMARY"]]}
    select = sa.select(Exposure.ra_deg, Exposure.dec_deg).where(Exposure.id == number)
    pointing = connection.execute(select).one()._mapping
    return {
        **{place: atm[name].values for place, name in TELEMETRY.items()},
        **{place: other[name].values for place, name in STRANGE.items()},
        "store flags": [None if n else v for v, n in zip(good.values, good.nulls, strict=True)],
        "parameter": tables["PSFPARS"]["polyfit"].values[1],
        "source": tables["PM_3"]["flux"].values,
        "cards": [cards[keyword] for keyword in CARDS],
        "exposure": [
            stored.special.value("exposure", name, number, value)
            for name, value in pointing.items()
        ],
    }


def of_frames(db: package.Database, number: int, **filters: Any) -> dict[str, Any]:
    """Give what the frames say of an exposure; NULL is missing there."""

    def cells(frame: pd.DataFrame, *names: str) -> list[list[Any]]:
        rows = frame[frame["exposure_id"] == number]
        return [rows[name].tolist() for name in names]

    atm, other = (db.telemetry(name, **filters) for name in ("SPARTA_ATM_DATA", "STRANGE"))
    header = db.header(*CARDS, file="reduced", **filters)
    return {
        **dict(zip(TELEMETRY, cells(atm, *TELEMETRY.values()), strict=True)),
        **dict(zip(STRANGE, cells(other, *STRANGE.values()), strict=True)),
        "parameter": cells(db.psf("fwhm", **filters), "fwhm")[0],
        "source": cells(db.sources(ids=[3], **filters), "flux")[0],
        "cards": [values[0] for values in cells(header, *CARDS)],
        "exposure": [v[0] for v in cells(db.exposures(**filters), "ra_deg", "dec_deg")],
    }


def every_way(
    url: str, engine: sa.Engine, archive_id: str, folder: Path
) -> dict[str, dict[str, Any]]:
    """Give what each way back says of each place."""
    number, documents = of_objects(engine, archive_id)
    succeed(url, "export", "seed-json", folder)
    text = json.loads((folder / "DATACUBE_0001.prm.fits.json").read_text())
    with engine.connect() as connection:
        table = sparta_table(connection, number)
        verified = of_verify(connection, number)
    assert table is not None
    table["LGS1_R0"] = np.asarray(table["LGS1_R0"], dtype=float)
    ways = {
        "verify": verified,
        "documents": documents,
        "export": of_documents(text["data"], text["psfParams"], text["sources"]),
        "predict": {place: table[name] for place, name in TELEMETRY.items()},
        "frames": of_frames(package.connect(url), number, exposures=archive_id),
        "frames of all": of_frames(package.connect(url), number),
    }
    return {way: {p: plain(list(v)) for p, v in places.items()} for way, places in ways.items()}


def require(ways: dict[str, dict[str, Any]], expected: dict[str, list[Any]]) -> None:
    """Compare all ways with what is expected."""
    for way, places in ways.items():
        assert TELEMETRY.keys() <= places.keys() <= LOADED.keys(), way
        for place, values in places.items():
            wanted = expected[place]
            if way.startswith("frames") and place.endswith(("integers", "seconds")):
                wanted = [None if value == NULL else value for value in wanted]
            assert values == plain(wanted), (way, place)


def test_all_ways_agree_before_and_after_edits(engine, db_url, night, tmp_path):
    assert not any(result.differences for result in verify(engine))
    expected = dict(LOADED)
    require(every_way(db_url, engine, night.archive_id, tmp_path / "loaded"), expected)

    # Another value is written over stand-ins, by nothing but SQL.
    at = "exposure_id = (SELECT id FROM exposure WHERE archive_id = :name)"
    header = f"(SELECT id FROM header WHERE {at} AND extension_name = 'STRANGE')"
    fit = f"(SELECT id FROM psf_fit WHERE {at})"
    column = "(SELECT id FROM table_column WHERE name = '{}' AND stored_in = 'table_value')"
    card = (
        f"header_id IN (SELECT id FROM header WHERE {at}) AND keyword_id IN "
        "(SELECT id FROM keyword WHERE name = '{}')"
    )
    twice = "row_index IN (0, 2)"
    layers = f"layer IN (0, 2) AND psf_fit_id = {fit}"
    statements = [
        f"UPDATE sparta_atm SET r0_m = row_index + 1.5 WHERE {twice} AND lgs = 1 AND {at}",
        f"UPDATE psf_parameter SET value = layer + 1.5 WHERE parameter = 'fwhm' AND {layers}",
        f"UPDATE source_sample SET flux = layer + 1.5 WHERE pampelmuse_id = 3 AND {layers}",
        *(
            f"UPDATE table_value SET value_float = row_index + 1.5 WHERE {twice}"
            f" AND element = 0 AND header_id = {header} AND table_column_id = {column.format(name)}"
            for name in ("level", "phase", "pair", "list")
        ),
        *(
            f"UPDATE header_card SET value_float = 1.5 WHERE {card.format(keyword)}"
            for keyword in ("XINF", "XZERO")
        ),
        "UPDATE exposure SET ra_deg = 1.5, dec_deg = 2.5 WHERE archive_id = :name",
    ]
    with engine.begin() as connection:
        for statement in statements:
            changed = connection.execute(sa.text(statement), {"name": night.archive_id})
            assert changed.rowcount >= 1, statement
    over = [1.5, -INF, 3.5, NAN, 0.0]
    expected |= {
        **dict.fromkeys(("telemetry", "store floats", "parameter", "source"), over),
        "store complex": [complex(1.5, -0.0), 0j, complex(3.5, -INF), *LOADED["store complex"][3:]],
        "store vectors": [[1.5, -INF], [-INF, INF], [3.5, 0.0], [NAN, NAN], [0.0, -0.0]],
        "store lists": [[], [INF], [3.5, NAN], [1.0, -INF, 0.0], []],
        "cards": [1.5, -INF, 1.5, *LOADED["cards"][3:]],
        "exposure": [1.5, 2.5],
    }
    require(every_way(db_url, engine, night.archive_id, tmp_path / "sql"), expected)

    # Special values are written again, by the objects of a session.
    values = [-0.0, INF, 7.5, NAN, -INF]
    cards = [-INF, 0.0, INF, -(2**70), complex(INF, -0.0), NAN, None, "x", -0.0]
    with Session(engine) as session:
        select = sa.select(Exposure).where(Exposure.archive_id == night.archive_id)
        exposure = session.scalars(select).one()
        for keyword, value in zip(CARDS, cards, strict=True):
            exposure.set_header(keyword, value)
        exposure.set_header("RA", -0.0)
        exposure.set_header("DEC", -INF)
        exposure.psf_fits[0].set_parameter("fwhm", values)
        exposure.psf_fits[0].set_source(3, "flux", values)
        session.commit()
    expected |= {"parameter": values, "source": values, "cards": cards, "exposure": [-0.0, -INF]}
    require(every_way(db_url, engine, night.archive_id, tmp_path / "objects"), expected)
