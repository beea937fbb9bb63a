"""What the real processors of Qwen need and the extra ``train`` does not bring: torchvision, and Qwen's vocabulary."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

__all__ = ["qwen_environment"]

ROOT = Path(__file__).parents[1]
ON_CPU = ROOT / "tests" / "tools" / "cpu_torch.py"
"""Lets PyPI's torchvision, which is built for CUDA, be imported beside a CPU build of torch."""


@cache
def qwen_environment(folder: Path) -> dict[str, str]:
    """Environment variables for processes that make or load a Qwen. What is not installed goes to ``folder``.

    Skips the test if pip finds no torchvision for the installed torch, or no dashscope.
    """
    torch = version("torch")
    # Each release of torch has one of torchvision: 2.13 has 0.28.
    fitting = f"torchvision==0.{int(torch.split('.')[1]) + 15}.*"
    missing = [what for what in (fitting, "dashscope") if not _is_installed(what.partition("=")[0])]
    if missing:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *missing]
        done = subprocess.run(install, capture_output=True, text=True, timeout=300)
        if done.returncode:
            pytest.skip(f"pip cannot install {' and '.join(missing)}: {done.stderr.strip().splitlines()[-1]}")
    if torch.endswith("+cpu"):
        folder.mkdir(exist_ok=True)
        shutil.copyfile(ON_CPU, folder / "sitecustomize.py")  # Python loads it at every start.
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
    path = os.pathsep.join([str(ROOT), str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return dict(os.environ) | offline | {"PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"}


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False
