"""The notebook of the docs runs, and its pictures are not blank."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

nbformat = pytest.importorskip("nbformat", reason="notebooks are run by nbclient, of the extra [dev]")
nbclient = pytest.importorskip("nbclient", reason="notebooks are run by nbclient, of the extra [dev]")

TOUR = Path(__file__).parents[1] / "docs" / "tour.ipynb"


def test_the_tour_runs_and_shows_what_it_says(tmp_path: Path) -> None:
    notebook = nbformat.read(TOUR, as_version=4)
    nbclient.NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 5  # Three rows, one plot, one of the mesh.
    for encoded in pictures:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
        assert pixels.std() > 10
    texts = [_text(output) for output in outputs]
    assert any(text.startswith("({'test': 10, 'train': 60}") for text in texts)
    assert any(text.startswith("(True, ") for text in texts), "the rows do not verify"
    assert any("-> " in text and "1.50 radii" in text for text in texts)  # By hand: 1.5 along +Y, camera 1's right.
    assert 0.5 < float(texts[-1]) < 1


def _text(output: Any) -> str:
    return str(output.get("text") or output.get("data", {}).get("text/plain", ""))
