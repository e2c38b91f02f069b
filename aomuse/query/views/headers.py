"""The view of header cards."""

from __future__ import annotations

from aomuse.query.views.view import View, columns

HEADER_VIEW = View(
    "v_header",
    "One header card",
    columns("""
        exposure_id | h.exposure_id | Number of the exposure (exposure.id)
        file_role | sf.role | Kind of file, such as reduced, raw, prm or psf
        file_name | sf.name | Name of the file
        file_rank | sf.file_rank | 1 for the first file of its kind in the exposure
        extension_name | h.extension_name | EXTNAME, PRIMARY for the first
        position | c.position | Position of the card in the header, from 0
        keyword | k.name | Keyword without HIERARCH
        value | COALESCE(c.value_text, CASE WHEN c.value_type = 'bool' THEN
            CASE c.value_int WHEN 1 THEN 'T' ELSE 'F' END END,
            CAST(c.value_int AS CHAR), CAST(c.value_float AS CHAR)) | Value of the card as text
        value_number | COALESCE(c.value_float, c.value_int * 1e0)
            | Value of an integer, floating-point or logical (0, 1) card
        value_type | c.value_type | Type of the card's value
        comment | k.comment | Comment of the card
    """),
    """
    header_card c
    JOIN header h ON h.id = c.header_id
    JOIN source_file sf ON sf.id = h.source_file_id
    JOIN keyword k ON k.id = c.keyword_id
    """,
)
