"""What a file of a lake says about its columns: units, UCDs and meanings.

For pandas, as ``attrs["units"]``; for TOPCAT, STILTS and astropy as VOParquet, a VOTable without
data: https://www.ivoa.net/documents/Notes/VOParquet/.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping

import pyarrow as pa
from astropy import units as u
from astropy.io.votable.exceptions import VOWarning
from astropy.io.votable.tree import Field, Resource, TableElement, VOTableFile

from aomuse.query.meanings import Meaning
from aomuse.query.votable import vounit

#: The VOTable's words for types.
_DATATYPES = {
    pa.bool_(): {"datatype": "boolean"},
    pa.int16(): {"datatype": "short"},
    pa.int32(): {"datatype": "int"},
    pa.int64(): {"datatype": "long"},
    pa.float64(): {"datatype": "double"},
    pa.timestamp("us"): {"datatype": "char", "arraysize": "*", "xtype": "timestamp"},
    pa.binary(): {"datatype": "unsignedByte", "arraysize": "*"},
    pa.string(): {"datatype": "unicodeChar", "arraysize": "*"},
}


def field_metadata(meaning: Meaning) -> dict[str, str]:
    """Return what a column's field says."""
    known = {"comment": meaning.description, "unit": meaning.unit, "ucd": meaning.ucd}
    return {name: text for name, text in known.items() if text}


def file_metadata(
    name: str, comment: str, types: Mapping[str, pa.DataType], meanings: Mapping[str, Meaning]
) -> dict[str, str]:
    """Return what a file says about itself."""
    units = {column: meanings[column].unit for column in types if meanings[column].unit}
    return {
        "comment": comment,
        "PANDAS_ATTRS": json.dumps({"units": units}),
        "IVOA.VOTable-Parquet.version": "1.0",
        "IVOA.VOTable-Parquet.content": _votable(name, comment, types, meanings),
    }


def _votable(
    name: str, comment: str, types: Mapping[str, pa.DataType], meanings: Mapping[str, Meaning]
) -> str:
    document = VOTableFile(version="1.4")
    resource = Resource(type="results")
    document.resources.append(resource)
    table = TableElement(document, name=name)
    table.description = comment
    resource.tables.append(table)
    with warnings.catch_warnings():
        # A unit that the standard lacks is still the column's.
        warnings.simplefilter("ignore", VOWarning)
        for column, kind in types.items():
            meaning = meanings[column]
            field = Field(
                document,
                name=column,
                ucd=meaning.ucd or None,
                unit=vounit(u.Unit(meaning.unit)) if meaning.unit else None,
                **_DATATYPES[kind],
            )
            field.description = meaning.description
            table.fields.append(field)
        text = io.BytesIO()
        document.to_xml(text)
    return text.getvalue().decode()
