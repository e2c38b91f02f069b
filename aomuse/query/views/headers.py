"""The view of header cards."""

from __future__ import annotations

from aomuse.query.views.view import View, ViewColumn

HEADER_VIEW = View(
    "v_header",
    "One header card",
    (
        ViewColumn("exposure_id", "h.exposure_id", "Number of the exposure (exposure.id)"),
        ViewColumn("file_role", "sf.role", "reduced, raw, prm or psf"),
        ViewColumn("file_name", "sf.name", "Name of the file"),
        ViewColumn("extension_name", "h.extension_name", "EXTNAME, PRIMARY for the first"),
        ViewColumn("position", "c.position", "Place of the card in the header, from 0"),
        ViewColumn("keyword", "k.name", "Keyword without HIERARCH"),
        ViewColumn(
            "value",
            "COALESCE(c.value_text, CASE WHEN c.value_type = 'bool' THEN"
            " CASE c.value_int WHEN 1 THEN 'T' ELSE 'F' END END,"
            " CAST(c.value_int AS CHAR), CAST(c.value_float AS CHAR))",
            "Value of the card as text",
        ),
        ViewColumn(
            "value_number",
            "COALESCE(c.value_float, c.value_int)",
            "Value of an integer, floating point or logical (0, 1) card",
        ),
        ViewColumn("value_type", "c.value_type", "Type of the card's value"),
        ViewColumn("comment", "k.comment", "Comment of the card"),
    ),
    "header_card c\nJOIN header h ON h.id = c.header_id\n"
    "JOIN source_file sf ON sf.id = h.source_file_id\n"
    "JOIN keyword k ON k.id = c.keyword_id",
)
