"""The notebook of the documentation, and its outputs.

PYTHONPATH=. python tests/support/notebook.py      runs docs/notebook.ipynb and writes its outputs into it
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
SECONDS = 1500  # a cell may take


def opened() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook with the outputs of a run in `folder`; raises `CellExecutionError` where a cell does.

    What TensorFlow says of the machine on standard error is left out.
    """
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def texts(notebook: NotebookNode) -> list[str]:
    """All that the cells show, each output in all its forms."""
    shown = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown += [output.get("text", ""), *map(str, output.get("data", {}).values())]
    return shown


def small(notebook: NotebookNode) -> NotebookNode:
    """The same with one search, so that it takes seconds."""
    for cell in notebook.cells:
        for pattern, less in (
            (r"replicates=\d+", "replicates=1"),
            (r"tuners=\[[^]]+\]", 'tuners=["kt-random"]'),
            (r"baselines=\[[^]]+\]", "baselines=[]"),
        ):
            cell.source = re.sub(pattern, less, cell.source)
    return notebook


def rewrite() -> None:
    with tempfile.TemporaryDirectory() as folder:
        notebook = executed(opened(), Path(folder))
    notebook.metadata.pop("language_info", None)  # the Python that ran it
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    rewrite()
