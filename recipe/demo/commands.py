"""Runs other commands of this project in separate processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from viewpoint100k.errors import ViewpointError

__all__ = ["build", "run"]

_PIXELS = 64


def run(module: str, *arguments: str) -> None:
    """Runs ``python -m module``. Raises ``ViewpointError`` if it fails; it has printed the reason."""
    if code := subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode:
        raise ViewpointError(f"{module} ended with code {code}; its own message is above")


def build(config: str, questions: Path, out: Path, options: Mapping[str, object], fields: Mapping[str, object]) -> None:
    """Runs ``viewpoint100k build`` with small images and only the question types in the folder ``questions``."""
    types = ", ".join(f"{path}: 1" for path in sorted(questions.glob("*.yaml")))
    settings = {"questions": f"{{{types}}}", "images.size": _PIXELS, **fields}
    command = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command += [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    run("viewpoint100k", "build", config, "--out", str(out), *command)
