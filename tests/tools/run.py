"""Tries the tools that read this project's files: the real ones, each in an environment of its own.

``make test-tools``, or ``make test-tools TOOLS="polars duckdb"``. An environment lives in ``.tools/``, is made by `uv`
where there is one and by `pip` elsewhere, and is made anew when what it requires changes; ``--discard`` deletes it
after the run. What came out is kept in ``.tools/results.json``; ``--page FILE`` writes it as a table.

A tool that is on no package index is cloned at its commit from its repository, or from ``--clones FOLDER``, a folder of
clones, each under the name of its repository. Where neither works, the tool is reported as not here.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import io
import json
import os
import platform
import shutil
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
MODEL = {
    "requires": ["dashscope==2.0.2", "torch==2.13.0", "torchvision==0.28.0", "transformers==5.6.0", "pillow==11.3.0"]
}
"""What `tiny_qwen` needs."""


class NotHere(Exception):
    """The code of a tool cannot be had on this machine."""


def main() -> int:
    """Runs the tools that are named, or all; gives the number of those that failed."""
    tools = yaml.safe_load((HERE / "tools.yaml").read_text(encoding="utf-8"))
    arguments = _arguments(tools)
    folder, truth = _sample()
    failed = 0
    for name in arguments.tools or tools:
        tool = tools[name]
        try:
            code = _code(name, tool, arguments.clones) if "repository" in tool else None
        except NotHere as error:
            print(f"not here {name}: {error}", flush=True)
            continue
        exported = _exported(tool, folder) if "export" in tool else None
        python = _environment(name, tool)
        result = _try(tool, python, code, folder, truth, exported)
        failed += not result["passed"]
        results = _kept()  # Another run may have added to it.
        results[name] = result | {"date": datetime.date.today().isoformat(), "python": platform.python_version()}
        print(f"{'ok  ' if result['passed'] else 'FAIL'} {name} ({result['seconds']} s): {result['said']}", flush=True)
        (CACHE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        if arguments.discard:
            shutil.rmtree(python.parents[1])
    if arguments.page:
        arguments.page.write_text(_page(tools, _kept()), encoding="utf-8")
    return failed


def _arguments(tools: dict[str, Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="*", help=f"some of {', '.join(tools)}; all by default")
    parser.add_argument("--page", type=Path, help="write the table of results here")
    parser.add_argument("--clones", type=Path, default=os.environ.get("CLONES"), help="a folder with clones of tools")
    parser.add_argument("--discard", action="store_true", help="delete each environment after its run")
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


def _exported(tool: dict[str, Any], folder: Path) -> Path:
    """The set in the form of a tool, written anew."""
    out = CACHE / "exports" / "-".join([tool["export"], *tool.get("options", [])])
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "viewpoint100k", "export", str(folder), "--to", tool["export"], "--out", str(out)]
    subprocess.run([*command, *tool.get("options", [])], check=True, cwd=ROOT)
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


def _code(name: str, tool: dict[str, Any], clones: Path | None) -> Path:
    """The folder for Python's path, with the tool's code at its commit, cloned once.

    Raises `NotHere` if it cannot be cloned.
    """
    commit, needed = tool["commit"], tool.get("package", ".")
    place = CACHE / "code" / f"{name}-{commit[:7]}"
    if not place.is_dir():
        source = clones / tool["repository"].rsplit("/", 1)[1] if clones else tool["repository"]
        new = place.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        clone = ["git", "clone", "--quiet", "--no-checkout", "--filter=blob:none", str(source), str(new)]
        checkout = ["git", "-C", str(new), "checkout", "--quiet", commit, "--", needed, ":(exclude)*.mp4"]
        offline = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
        for command in (clone, checkout):
            done = subprocess.run(command, capture_output=True, text=True, env=offline)
            if done.returncode:
                said = (done.stderr.strip().splitlines() or ["git gave no reason"])[-1]
                raise NotHere(f"{source} cannot be cloned ({said}): name a folder of clones with --clones or CLONES")
        new.rename(place)
    return (place / needed).parent if "package" in tool else place


def _model() -> Path:
    """The folder of the tiny Qwen2.5-VL, made once."""
    place = CACHE / "tiny-qwen"
    if not (place / "model.safetensors").is_file():
        python = _environment("tiny-qwen", MODEL)
        subprocess.run([str(python), str(HERE / "tiny_qwen.py"), str(place)], check=True, cwd=ROOT)
        shutil.rmtree(python.parents[1])
    return place


def _environment(name: str, tool: dict[str, Any]) -> Path:
    """The Python of the tool's own environment, made where there is none for these requirements."""
    alone = tool.get("no_deps", [])
    requires = [one for one in tool["requires"] if one not in alone]
    digest = hashlib.sha256("\n".join(tool["requires"]).encode()).hexdigest()[:8]
    place = CACHE / f"env-{name}-{digest}"
    python = place / "bin" / "python"
    if not (place / ".ready").is_file():
        print(f"making an environment for {name}", file=sys.stderr, flush=True)
        uv = shutil.which("uv")
        pip = ["--without-pip"] if uv else []
        subprocess.run([sys.executable, "-m", "venv", "--clear", *pip, str(place)], check=True)
        installer = [uv, "pip", "install", "--python"] if uv else [str(python), "-m", "pip", "install"]
        install = [*installer, *([str(python)] if uv else []), "--quiet"]
        subprocess.run([*install, *requires], check=True)
        if alone:
            subprocess.run([*install, "--no-deps", *alone], check=True)
        (packages,) = place.glob("lib/python*/site-packages")
        shutil.copyfile(HERE / "cpu_torch.py", packages / "sitecustomize.py")
        (place / ".ready").touch()
    return python


def _try(
    tool: dict[str, Any], python: Path, code: Path | None, folder: Path, truth: Path, exported: Path | None
) -> dict[str, Any]:
    """Whether the tool's script or test passed, and the line it said last."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [ROOT, code] if code else [ROOT]))}
    environment |= dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
    environment["HF_HOME"] = str(CACHE / "cache")
    if tool.get("model"):
        environment["TINY_QWEN"] = str(_model())
    if "pytest" in tool:
        environment[tool["python_in"]] = str(python)
        command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-q", "-rs", str(ROOT / tool["pytest"])]
        command += tool.get("select", [])
    else:
        places = [folder, truth, exported] if exported else [folder, truth]
        command = [str(python), str(HERE / tool["script"]), *map(str, places)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    (CACHE / "log.txt").write_text(done.stdout + done.stderr)
    lines = (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip().splitlines()
    said = lines[-1] if lines else "nothing"
    # A test that skips has tried nothing.
    passed = done.returncode == 0 and not ("pytest" in tool and "skipped" in said)
    return {"passed": passed, "said": said, "seconds": round(time.monotonic() - began)} | _commit(tool, code)


def _commit(tool: dict[str, Any], code: Path | None) -> dict[str, str]:
    """The commit and its day, for a tool that has no version."""
    if code is None:
        return {}
    command = ["git", "-C", str(code), "log", "-1", "--abbrev=7", "--format=%h of %cs", tool["commit"]]
    return {"commit": subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()}


def _kept() -> dict[str, Any]:
    path = CACHE / "results.json"
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def _page(tools: dict[str, Any], results: dict[str, Any]) -> str:
    lines = [_line(name, tool, results[name]) for name, tool in tools.items() if name in results]
    return (HERE / "page.md").read_text(encoding="utf-8").replace("TABLE", "\n".join(lines))


def _line(name: str, tool: dict[str, Any], result: dict[str, Any]) -> str:
    version = result.get("commit") or ", ".join(tool["requires"][: tool.get("stated", 2)])
    cells = [name, version, f"{result['date']}, Python {result['python']}", tool["did"]]
    cells += ["passed" if result["passed"] else "FAILED", result["said"]]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main())
