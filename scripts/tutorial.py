"""Run docs/tutorial.ipynb from an empty folder, and put what it shows into it.

``python -m scripts.tutorial``: after a change of the notebook, or of what it shows. Tests run it
too, and compare.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "tutorial.ipynb"
#: Seconds that a cell may take.
TIMEOUT_S = 600


def run(folder: Path, url: str | None = None) -> Any:
    """Run the notebook.

    Parameters
    ----------
    folder : pathlib.Path
        The folder it is run in, empty.
    url : str, optional
        A database without tables; else a file in the folder.

    Returns
    -------
    nbformat.NotebookNode
        The notebook with its outputs.
    """
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    environment = {k: v for k, v in os.environ.items() if k != "AOMUSE_DATABASE_URL"}
    # The notebook calls the command of the environment that it runs in.
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    if url is not None:
        environment["AOMUSE_DATABASE_URL"] = url
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=TIMEOUT_S,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Return outputs with what was printed in pieces as one."""
    joined: list[Any] = []
    for output in outputs:
        if output.output_type == "stream":
            output.text = output.text.replace("\r\n", "\n")  # of a terminal
        before = joined[-1] if joined else None
        if before and output.output_type == "stream" == before.output_type:
            before.text += output.text
        else:
            joined.append(output)
    return joined


def main() -> None:
    """Write the notebook with its outputs."""
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(run(Path(folder)), NOTEBOOK)
    print(f"wrote {NOTEBOOK.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
