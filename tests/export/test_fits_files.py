"""aomuse export fits: what was loaded comes back from the database alone, byte for byte.

Files are compared with the bytes of those that were loaded, by the places that astropy gives.
"""

import shutil
from pathlib import Path

import column_grid
import companion_files as companions
import fits_factory as factory
import fitsio
import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from column_grid import GridColumn
from fits_factory import Tree
from warehouse import Finished, aomuse, exposure

import aomuse as package
from aomuse.export.places import relative_places
from aomuse.models import Exposure

TABLES, _ = column_grid.grid()
BLOCK = 2880
RAW_ALONE = ("reduced", "prm", "psf")


@pytest.fixture
def export(db, tree):
    """Give a function that loads the tree, and exports it into a folder beside it."""

    def export(*options: str) -> Finished:
        db.run("load", tree.root)
        return db.run("export", "fits", out_of(tree), *options)

    return export


def out_of(tree: Tree) -> Path:
    return tree.root.with_name("out")


def written(tree: Tree, file: Path) -> Path:
    """Give the place to which a file of the tree is exported."""
    return out_of(tree) / file.relative_to(tree.root)


def hdus_of(path: Path) -> list[tuple[str, bytes, bytes]]:
    """Give of each HDU its class, the bytes of its header and those of its data."""
    content = path.read_bytes()
    found = []
    with fits.open(path, disable_image_compression=True, lazy_load_hdus=False) as opened:
        for hdu in opened:
            start, data, span = (hdu.fileinfo()[key] for key in ("hdrLoc", "datLoc", "datSpan"))
            is_image = hdu.is_image or hdu.header.get("ZIMAGE", False)
            kind = "image" if is_image else type(hdu).__name__
            found.append((kind, content[start:data], content[data : data + span]))
    return found


def without_pixels(hdus: list[tuple[str, bytes, bytes]]) -> list[tuple[str, bytes, bytes]]:
    return [(k, header, bytes(len(data)) if k == "image" else data) for k, header, data in hdus]


def grid_file(tree: Tree, name: str, *, exact: bool) -> tuple[Path, list[GridColumn]]:
    """Put a table of the grid behind a raw file, with columns that come back exactly or do not."""
    files = tree.add(1, without=RAW_ALONE)
    heap = bytearray()
    columns, used = [], 0
    made_now = column_grid.list_columns(heap) if name == "GRID_LISTS" else TABLES[name]
    for column in made_now:
        if unsaid(name, column) != exact:
            columns.append(column)
            used = len(heap)
        del heap[used:]
    made = column_grid.table(name, columns, bytes(heap), is_ascii=name == "GRID_ASCII")
    return factory.edit_bytes(files.raw, lambda content: content + made), columns


def append(
    path: Path, hdu: fits.ImageHDU | fits.TableHDU, old: bytes = b"", new: bytes = b""
) -> None:
    """Put an HDU behind those of a file, with some of its bytes replaced."""
    made = factory.to_bytes(fits.HDUList([fits.PrimaryHDU(), hdu]))[BLOCK:].replace(old, new)
    factory.edit_bytes(path, lambda content: content + made)


def test_all_files_of_a_night_come_back_and_load_as_the_same_rows(db, tree, new_database, at_head):
    names = [tree.add(number).archive_id for number in (1, 2)]
    log = companions.write_log(tree)
    before = {written(tree, path): hdus_of(path) for path in tree.root.rglob("*.fits*")}
    db.load(tree.root)
    content = log.read_bytes()
    shutil.rmtree(tree.root)

    out = out_of(tree)
    done = db.succeed("export", "fits", out)
    hdus = [hdu for hdus in before.values() for hdu in hdus]
    tables = sum(kind == "BinTableHDU" for kind, _, _ in hdus)
    images = sum(kind == "image" and bool(data) for kind, _, data in hdus)
    assert done.out.splitlines()[-3:] == [
        f"{out}: 8 files, {tables} tables, 0 with differences",
        f"{images} images with zeros in place of pixels",
        "not FITS, and not written: 1 night log",
    ]
    after = {path: hdus_of(path) for path in out.rglob("*.fits*")}
    assert after == {path: without_pixels(hdus) for path, hdus in before.items()}

    written(tree, log).write_bytes(content)
    other = package.connect(at_head(new_database())).engine
    assert aomuse(other.url.render_as_string(hide_password=False), "load", out).code == 0
    assert [exposure(other, name) for name in names] == [db.exposure(name) for name in names]
    other.dispose()


def test_headers_keep_what_is_odd(export, tree):
    """Blanks before END, CONTINUE, HIERARCH, COMMENT, repeats, Latin-1, cards of no form."""
    files = tree.add(1, without=["raw", "prm", "psf"])
    odd = b"".join(
        card.ljust(80)
        for card in (
            b"LONG    = 'a text that goes on &'",
            b"CONTINUE  'in the next card' / and its comment",
            b"HIERARCH ESO X Y= 1.50000 / spaces",
            b"HIERARCH   eso lower = 'x'",
            b"COMMENT = 1",
            b"",
            b"COMMENT",
            b"HISTORY twice",
            b"HISTORY twice",
            b"NAME    = 'caf\xe9'",
            b"rubbish that is not a card",
            b"FLOAT   =  1.D5",
            b"",
            b"",
        )
    )
    factory.edit_bytes(files.reduced, lambda content: with_cards(content, odd))
    done = export()
    assert (done.code, done.err) == (0, "")
    wanted = files.reduced.read_bytes()
    assert written(tree, files.reduced).read_bytes()[: len(wanted)] == wanted


def with_cards(content: bytes, cards: bytes) -> bytes:
    """Put cards before the first END."""
    end = content.index(b"END".ljust(80))
    old = -(-(end + 80) // BLOCK) * BLOCK
    header = content[:end] + cards + b"END".ljust(80)
    return header.ljust(-(-len(header) // BLOCK) * BLOCK) + content[old:]


@one_on_mariadb("name", TABLES)
def test_columns_of_every_kind_come_back_to_the_bit(export, tree, name):
    """All but those whose bytes hold more than a value."""
    raw, exact = grid_file(tree, name, exact=True)
    assert exact
    done = export()
    assert hdus_of(written(tree, raw))[-1] == hdus_of(raw)[-1]
    assert (done.code, done.err) == (0, "")


def unsaid(table: str, column: GridColumn) -> bool:
    """Return whether the bytes of a column hold more than its values."""
    if table == "GRID_ASCII":
        return column.letter != "A"
    if table == "GRID_LISTS" and column.letter == "A":
        return True  # of a text with a NUL only what is before it is kept
    if table == "GRID_TEXT":
        return bool(column.tags & {"part", "behind_nul", "array", "one_axis"})
    if column.letter in "KEDCM" and column.tags & {"scaled", "zero"}:
        return True  # several numbers of 64 bits lead to one value, as do 0.0 and -0.0
    return "part" in column.tags or (column.letter == "K" and "scaled_null" in column.tags)


@one_on_mariadb("name", TABLES)
def test_what_cannot_come_back_to_the_bit_is_said_and_keeps_its_values(export, tree, name):
    raw, left = grid_file(tree, name, exact=False)
    done = export()
    (line,) = done.errors
    assert line.startswith(f"error: raw/{raw.name}: all values are there, but not every byte")
    assert (done.code, "different raw/" in done.out) == (1, True)
    assert grid_values(written(tree, raw), left) == grid_values(raw, left)


def grid_values(path: Path, columns: list[GridColumn]) -> dict[str, str]:
    """Give the values of a table as aomuse's own reader, which other tests compare, has them."""
    from aomuse.verify.table_values import table_values

    with path.open("rb") as stream, fits.open(path, disable_image_compression=True) as hdus:
        _, fields = table_values(stream, hdus[-1].fileinfo()["hdrLoc"])
        found = {
            field.definition.name: (field.values.tolist(), field.nulls.tolist()) for field in fields
        }
    assert found.keys() == {column.name for column in columns}
    return {name: repr(values) for name, values in found.items()}


@on_sqlite
def test_lists_and_nan_of_other_programs_come_back(export, tree):
    """NaN as x86 computes it; lists row by row, an empty one at 0."""
    rows = [
        (b"\xff\xc0\0\0", [1, 2], [5]),
        (b"\x3f\x80\0\0", [], [6, 7]),
        (b"\xff\xc0\0\0", [3], []),
    ]
    heap, cells = b"", []
    for number, *lists in rows:
        cell = number
        for values in lists:
            place = len(heap) if values else 0
            cell += np.array([len(values), place], ">i4").tobytes()
            heap += np.array(values, ">i2").tobytes()
        cells.append(cell)
    columns = [
        GridColumn("X", "E", {"TFORM": "'1E'"}, [cell[:4] for cell in cells], []),
        GridColumn("A", "I", {"TFORM": "'1PI(2)'"}, [cell[4:12] for cell in cells], []),
        GridColumn("B", "I", {"TFORM": "'1PI(2)'"}, [cell[12:] for cell in cells], []),
    ]
    raw = tree.add(1, without=RAW_ALONE).raw
    made = column_grid.table("OTHER", columns, heap)
    # The other tables have NaN as numpy has it: only its own sum tells of this one.
    total = int(np.frombuffer(made[BLOCK:], ">u4").sum(dtype=np.uint64))
    while total > 2**32 - 1:
        total = total % 2**32 + total // 2**32
    made = with_cards(made, column_grid.card("DATASUM", f"'{total}'"))
    factory.edit_bytes(raw, lambda content: content + made)
    assert export().code == 0
    assert hdus_of(written(tree, raw))[-1] == hdus_of(raw)[-1]


@on_sqlite
def test_text_tables_of_astropy_come_back_to_the_bit(export, tree):
    columns = [
        fits.Column("NAME", "A12", array=["M 54", "", "NGC 6397"]),
        fits.Column("N", "I8", array=[1, -20, 300]),
        fits.Column("F", "F9.3", array=[1.5, -2.125, 0.0]),
        fits.Column("E", "E15.7", array=[1e-10, -2.5, np.inf]),
        fits.Column("D", "D25.17", array=[0.1, -1e300, 3.0]),
    ]
    raw = tree.add(1, without=RAW_ALONE).raw
    append(raw, fits.TableHDU.from_columns(columns, name="TEXTS"))
    assert export().code == 0
    assert hdus_of(written(tree, raw))[-1] == hdus_of(raw)[-1]


@on_sqlite
def test_other_readers_open_what_is_written(export, tree):
    files = tree.add(1)
    assert export().code == 0
    for source in files.all:
        path = written(tree, source)
        with fits.open(path) as hdus:
            hdus.verify("exception")
        with fitsio.FITS(str(path)) as one, fitsio.FITS(str(source)) as other:
            assert len(one) == len(other)
            for hdu, original in zip(one, other, strict=True):
                if hdu.get_exttype() == "BINARY_TBL":
                    assert hdu.read().tobytes() == original.read().tobytes()


@on_sqlite
def test_pixels_take_no_room(export, tree):
    cube = tree.add(1, without=["raw", "prm", "psf"]).reduced
    append(cube, fits.ImageHDU(np.ones((1 << 10, 1 << 12))))
    assert export().code == 0
    stat = written(tree, cube).stat()
    assert stat.st_size == cube.stat().st_size
    assert stat.st_blocks * 512 < 1 << 20


@on_sqlite
def test_bytes_that_the_database_lacks_are_named(export, tree):
    behind_end, behind_file, unknown = (tree.add(number) for number in (1, 2, 3))
    factory.edit_bytes(
        behind_end.reduced,
        lambda content: content.replace(b"END".ljust(80), b"END".ljust(79) + b"\0", 1),
    )
    factory.edit_bytes(behind_file.reduced, lambda content: content + b"more" * BLOCK)
    notes = fits.ImageHDU(np.ones(5, np.uint8), name="NOTES")
    append(unknown.raw, notes, b"'IMAGE   '", b"'FOREIGN '")
    done = export()
    assert done.code == 1
    assert done.errors == [
        f"error: single/{behind_end.reduced.name}: all values are there, but not every byte is as "
        "it was loaded: in bytes that hold no value, such as those behind END",
        f"error: single/{behind_file.reduced.name}: the 11,520 bytes behind its last HDU are not "
        "kept",
        f"error: raw/{unknown.raw.name}: [NOTES] is not a table or an image: its data are not kept",
    ]


@on_sqlite
def test_a_file_that_failed_and_one_that_lost_rows_are_named(db, tree, export):
    failed, spoiled = tree.add(1), tree.add(2)
    failed.psf.write_bytes(b"not FITS")
    db.run("load", tree.root)
    db.execute(
        "DELETE FROM table_value WHERE row_index = 1 AND header_id = (SELECT MIN(h.id)"
        " FROM header h JOIN source_file f ON f.id = h.source_file_id"
        f" WHERE h.extension_name = 'SGS_DATA' AND f.name = '{spoiled.raw.name}')"
    )
    done = export()
    assert done.code == 1
    first, second = done.errors
    assert first == (
        f"error: analysis/{failed.psf.name}: the file could not be loaded: aomuse status --issues "
        "says why"
    )
    assert second.startswith(f"error: raw/{spoiled.raw.name}: not written: [SGS_DATA] cannot be")
    assert not written(tree, spoiled.raw).exists()
    assert written(tree, failed.raw).exists()


def test_changed_values_are_named(db, tree, export):
    files = tree.add(1)
    db.load(tree.root)
    with package.connect(db.url).session() as session:
        exposure = session.scalars(sa.select(Exposure)).one()
        exposure.set_header("EXPTIME", 123.5)
        (fit,) = exposure.psf_fits
        source = fit.sources[0].pampelmuse_id
        fit.set_source(source, "flux", [1.5] * fit.layer_count)
        session.commit()
    done = export()
    assert done.code == 1
    (line,) = done.errors
    assert line.startswith(f"error: analysis/{files.psf.name}: all values are there, but not every")
    assert line.endswith("or a value was changed in the database")
    assert (
        f"note: single/{files.reduced.name}: the header is that of the file, but the database has "
        "another value of [PRIMARY] EXPTIME" in done.out.splitlines()
    )
    assert hdus_of(written(tree, files.reduced)) == without_pixels(hdus_of(files.reduced))
    with fits.open(written(tree, files.psf)) as hdus:
        assert set(hdus[f"PM_{source}"].data["flux"]) == {1.5}


@on_sqlite
def test_nothing_is_overwritten_unasked_and_sources_never(db, tree, export):
    files = tree.add(1)
    assert export().code == 0
    line = db.fail("export", "fits", out_of(tree), code=2)
    assert "and 3 more files exist already: give an empty folder, or --overwrite" in line
    assert export("--overwrite").code == 0
    before = files.raw.read_bytes()
    line = db.fail("export", "fits", tree.root, "--overwrite", code=2)
    assert "is the file that was loaded, and would lose its pixels" in line
    assert files.raw.read_bytes() == before


@on_sqlite
def test_a_link_does_not_lead_out_of_the_folder(tree, tmp_path, export):
    tree.add(1, without=RAW_ALONE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out_of(tree).mkdir()
    (out_of(tree) / "raw").symlink_to(elsewhere)
    done = export()
    assert (done.code, len(done.errors)) == (2, 1)
    assert "is a link out of" in done.err
    assert list(elsewhere.iterdir()) == []


@on_sqlite
def test_one_exposure_of_several(db, tree, export):
    tree.add(1)
    wanted = tree.add(2)
    assert export("--exposure", wanted.archive_id).code == 0
    assert set(out_of(tree).rglob("*.fits*")) == {written(tree, path) for path in wanted.all}
    line = db.fail("export", "fits", out_of(tree), "--exposure", "MUSE.1", code=2)
    assert "no exposure is called 'MUSE.1'" in line


def test_a_real_header_comes_back(tree, shared_data, export):
    file = tree.root / "single" / "MUSE.2017-06-16T01:34:56.867.fits"
    shutil.copyfile(shared_data / file.name, file)
    done = export()
    assert (done.code, done.err) == (0, "")
    assert hdus_of(written(tree, file)) == without_pixels(hdus_of(file))


@pytest.mark.parametrize(
    ("roots", "path", "place"),
    [
        (["/n"], "/n/raw/a.fits", "raw/a.fits"),
        (["/n", "/m"], "/n/raw/a.fits", "n/raw/a.fits"),
        (["/elsewhere"], "/n/raw/a.fits", "a.fits"),
        (["/n/raw/a.fits"], "/n/raw/a.fits", "a.fits"),
        (["/n"], "/n/../../etc/a.fits", "%2E%2E/%2E%2E/etc/a.fits"),
    ],
)
def test_places_are_those_below_the_root(roots, path, place):
    paths = {path: roots} | ({"/m/b.fits": ["/m"]} if "/m" in roots else {})
    assert relative_places(paths)[path] == Path(place)
