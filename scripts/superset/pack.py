"""Pack the dashboard into a ZIP file that Superset imports, with the URI of your database.

``AOMUSE_SUPERSET_URI=… python -m scripts.superset.pack aomuse-superset.zip``: the URI is that of a
reading account, as Superset wants it (`docs/bi.md`). The file holds the password, so nobody but you
may read it; with ``--ask-password`` it does not, and Superset asks for the password on import.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from aomuse.connections.urls import shown_url

FOLDER = Path(__file__).resolve().parent.parent.parent / "bi" / "superset"
URI_VARIABLE = "AOMUSE_SUPERSET_URI"

#: What Superset puts in place of a password, and asks for.
_MASK = "X" * 10
_URI_LINE = re.compile(r"^sqlalchemy_uri: .*$", re.M)


class PackError(Exception):
    """The dashboard cannot be packed; the message says why and what helps."""


def reading_uri(text: str | None) -> URL:
    """Return the URI of the database for Superset.

    Parameters
    ----------
    text : str or None
        What the user gave.

    Returns
    -------
    sqlalchemy.URL
        A URI for MariaDB, with the driver that the user named.

    Raises
    ------
    PackError
        If it is missing, cannot be parsed, or is not for MariaDB.
    """
    example = "mysql+pymysql://READER:PASSWORD@HOST:3306/DATABASE?ssl_check_hostname=false"
    if not text:
        raise PackError(f"no database: set {URI_VARIABLE}, as in {example}")
    try:
        uri = make_url(text)
    except (ArgumentError, ValueError):
        # the text of the error would repeat the password
        raise PackError(
            f"the URI cannot be parsed: write {example} (special characters in the password as %XX)"
        ) from None
    if uri.get_backend_name() not in {"mariadb", "mysql"}:
        raise PackError(
            f"the URI is for {uri.get_backend_name()}, and the dashboard is for MariaDB: {example}"
        )
    if not (uri.username and uri.host and uri.database):
        raise PackError(f"the URI lacks an account, a host or a database: write {example}")
    return uri


def pack(target: Path, uri: URL, *, ask_password: bool = False, folder: Path = FOLDER) -> int:
    """Write the ZIP file.

    Parameters
    ----------
    target : pathlib.Path
        The file; replaced if it exists.
    uri : sqlalchemy.URL
        The database, as Superset is to connect to it.
    ask_password : bool
        Whether the password is left out.
    folder : pathlib.Path
        Where the YAML files are.

    Returns
    -------
    int
        Number of files packed.
    """
    if ask_password:
        uri = uri.set(password=_MASK)
    # a JSON string is a YAML string, whatever characters it has
    line = f"sqlalchemy_uri: {json.dumps(uri.render_as_string(hide_password=False))}"
    files = sorted(folder.rglob("*.yaml"))
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as bundle:
            for path in files:
                text = path.read_text(encoding="utf-8")
                if path.parent.name == "databases":
                    text = _URI_LINE.sub(lambda _: line, text, count=1)
                bundle.writestr(f"aomuse/{path.relative_to(folder).as_posix()}", text)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(files)


def main(arguments: Sequence[str] | None = None) -> int:
    """Pack, and say what to do with the file.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name.

    Returns
    -------
    int
        Exit code: 0 done, 2 wrong usage.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("target", type=Path, help="the ZIP file to write")
    parser.add_argument(
        "--ask-password", action="store_true", help="leave the password out: Superset asks for it"
    )
    asked = parser.parse_args(arguments)
    try:
        uri = reading_uri(os.environ.get(URI_VARIABLE))
        count = pack(asked.target, uri, ask_password=asked.ask_password)
    except PackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {asked.target}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{asked.target}: {count} files, for {shown_url(uri)}")
    if not asked.ask_password:
        print("it holds the password, and only you may read it; delete it after the import")
    print("import it in Superset: Dashboards, Import dashboards")
    return 0


if __name__ == "__main__":
    sys.exit(main())
