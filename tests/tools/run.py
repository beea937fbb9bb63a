"""Tries the tools that read this project's files: the real ones, each in an environment of its own.

``make test-tools``, or ``make test-tools TOOLS="polars duckdb"``. An environment lives in ``.tools/`` and is made anew
when what it requires changes. What came out is kept in ``.tools/results.json``; ``--page FILE`` writes it as a table.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import yaml
from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".tools"
ROWS = 20


def main() -> int:
    """Runs the tools that are named, or all; gives the number of those that failed."""
    tools = yaml.safe_load((HERE / "tools.yaml").read_text(encoding="utf-8"))
    arguments = _arguments(tools)
    folder, truth = _sample()
    results = _kept()
    failed = 0
    for name in arguments.tools or tools:
        exported = _exported(tools[name]["export"], folder) if "export" in tools[name] else None
        result = _try(tools[name], _environment(name, tools[name]), folder, truth, exported)
        failed += not result["passed"]
        results[name] = result | {"date": datetime.date.today().isoformat(), "python": platform.python_version()}
        print(f"{'ok  ' if result['passed'] else 'FAIL'} {name} ({result['seconds']} s): {result['said']}", flush=True)
        (CACHE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    if arguments.page:
        arguments.page.write_text(_page(tools, results), encoding="utf-8")
    return failed


def _arguments(tools: dict[str, Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="*", help=f"some of {', '.join(tools)}; all by default")
    parser.add_argument("--page", type=Path, help="write the table of results here")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.tools if name not in tools]:
        parser.error(f"no tool {', '.join(unknown)}: there are {', '.join(tools)}")
    return arguments


def _sample() -> tuple[Path, Path]:
    """A small set, built once, and a file with what must come out of it."""
    folder, truth = CACHE / "viewpoint-100k", CACHE / "truth.json"
    if not truth.is_file():
        CACHE.mkdir(exist_ok=True)
        small = ["--set", "images.size=96", "--set", "rows_per_shard=10", "--workers", "1"]
        command = [sys.executable, "-m", "viewpoint100k", "build", "viewpoint-100k", "--rows", str(ROWS)]
        subprocess.run([*command, "--out", str(folder), *small], check=True, cwd=ROOT)
        truth.write_text(json.dumps(_truth(folder)))
    return folder, truth


def _exported(to: str, folder: Path) -> Path:
    """The set in the form of a tool, written once."""
    out = CACHE / "exports" / to
    if not out.is_dir():
        command = [sys.executable, "-m", "viewpoint100k", "export", str(folder), "--to", to, "--out", str(out)]
        subprocess.run(command, check=True, cwd=ROOT)
    return out


def _truth(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every column of every row, by split, as pyarrow reads it; of an image its size and the mean of its pixels."""
    splits: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((folder / "data").glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            row["images"] = [_seen(image["bytes"]) for image in row["images"]]
            splits.setdefault(path.name.split("-")[0], []).append(row)
    return splits


def _seen(content: bytes) -> dict[str, Any]:
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=float)
    height, width, _ = pixels.shape
    return {"size": [width, height], "mean": float(pixels.mean()), "sha256": hashlib.sha256(content).hexdigest()}


def _environment(name: str, tool: dict[str, Any]) -> Path:
    """The Python of the tool's own environment, made where there is none for these requirements."""
    alone = tool.get("no_deps", [])
    requires = [one for one in tool["requires"] if one not in alone]
    digest = hashlib.sha256("\n".join(tool["requires"]).encode()).hexdigest()[:8]
    place = CACHE / f"{name}-{digest}"
    python = place / "bin" / "python"
    if not (place / ".ready").is_file():
        print(f"making an environment for {name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *requires], check=True)
        if alone:
            subprocess.run([*install, "--no-deps", *alone], check=True)
        (place / ".ready").touch()
    return python


def _try(tool: dict[str, Any], python: Path, folder: Path, truth: Path, exported: Path | None) -> dict[str, Any]:
    """Whether the tool's script or test passed, and the line it said last."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment |= dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
    environment["HF_HOME"] = str(CACHE / "cache")
    if "pytest" in tool:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-o",
            "addopts=",
            "-q",
            "-rs",
            str(ROOT / tool["pytest"]),
            *tool.get("select", []),
        ]
        environment[tool["python_in"]] = str(python)
    else:
        places = [folder, truth, exported] if exported else [folder, truth]
        command = [str(python), str(HERE / tool["script"]), *map(str, places)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    lines = (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip().splitlines()
    said = lines[-1] if lines else "nothing"
    # A test that skips has tried nothing.
    passed = done.returncode == 0 and not ("pytest" in tool and "skipped" in said)
    return {"passed": passed, "said": said, "seconds": round(time.monotonic() - began)}


def _kept() -> dict[str, Any]:
    path = CACHE / "results.json"
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def _page(tools: dict[str, Any], results: dict[str, Any]) -> str:
    lines = [
        f"| {name} | {', '.join(tool['requires'][:2])} | {results[name]['date']}, Python {results[name]['python']} | "
        f"{'passed' if results[name]['passed'] else 'FAILED'} | {results[name]['said'].replace('|', '/')} |"
        for name, tool in tools.items()
        if name in results
    ]
    return (HERE / "page.md").read_text(encoding="utf-8").replace("TABLE", "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
