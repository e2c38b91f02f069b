"""FITS header cards as text, in the style of the observatory's own files.

Cards are formatted here and not by astropy because a tree holds tens of thousands of them, and
because the text then depends on nothing but the values.
"""

from __future__ import annotations

from collections.abc import Iterable

CARD = 80
BLOCK = 2880

Value = bool | int | float | str | None


def card(keyword: str, value: Value, comment: str = "") -> str:
    """Format one card; a long string goes on in CONTINUE cards.

    Parameters
    ----------
    keyword : str
        Keyword; one with blanks or more than eight characters becomes a HIERARCH keyword.
    value : bool, int, float, str or None
        Value; None makes an undefined value.
    comment : str, optional
        Comment, cut off at the end of the card as the observatory does.

    Returns
    -------
    str
        Text of a multiple of 80 characters.

    Examples
    --------
    >>> card("ESO TEL AIRM END", 1.062, "Airmass").rstrip()
    'HIERARCH ESO TEL AIRM END = 1.062 / Airmass'
    >>> card("EXPTIME", 30.0).rstrip()
    'EXPTIME =                  30.'
    """
    hierarch = len(keyword) > 8 or " " in keyword
    head = f"HIERARCH {keyword} = " if hierarch else f"{keyword:<8}= "
    if isinstance(value, str):
        text = f"'{value.replace(chr(39), chr(39) * 2):<8}'"
        if len(head) + len(text) > CARD:
            return _continued(head, value, comment)
        text = text if hierarch else f"{text:<20}"
    else:
        text = _number(value)
        text = text if hierarch else f"{text:>20}"
    return f"{head}{text}{comment and f' / {comment}'}"[:CARD].ljust(CARD)


def commentary(keyword: str, text: str = "") -> str:
    """Format a COMMENT, HISTORY or blank card."""
    return f"{keyword:<8}{text}"[:CARD].ljust(CARD)


def header(cards: Iterable[str]) -> bytes:
    """Join cards, add END and fill the last block of 2880 bytes."""
    text = "".join(cards) + "END".ljust(CARD)
    return text.ljust(-(-len(text) // BLOCK) * BLOCK).encode("ascii")


def _number(value: bool | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        return str(value)
    mantissa, e, exponent = repr(value).upper().partition("E")
    if e:
        return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{exponent}"
    return mantissa.removesuffix("0") if mantissa.endswith(".0") else mantissa


def _continued(head: str, value: str, comment: str) -> str:
    """Cut a long string, which must hold no quotes, into CONTINUE cards."""
    width = CARD - len(head) - 3
    pieces = [value[at : at + 66] for at in range(width, len(value), 66)]
    lines = [f"{head}'{value[:width]}&'", *(f"CONTINUE  '{piece}&'" for piece in pieces[:-1])]
    lines.append(f"CONTINUE  '{pieces[-1]}' / {comment}"[:CARD])
    return "".join(line.ljust(CARD) for line in lines)
