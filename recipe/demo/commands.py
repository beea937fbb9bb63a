"""Other commands of this project, run as processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from viewpoint100k.errors import ViewpointError

__all__ = ["build", "run"]

_PIXELS = 64


def run(module: str, *arguments: str) -> None:
    """``python -m module``. Raises ``ViewpointError`` where it fails; it has said why."""
    if code := subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode:
        raise ViewpointError(f"{module} ended with code {code}; its own message is above")


def build(config: str, questions: Path, out: Path, options: Mapping[str, object], fields: Mapping[str, object]) -> None:
    """``viewpoint100k build`` of small images, with the question types of the folder ``questions`` alone."""
    types = ", ".join(f"{path}: 1" for path in sorted(questions.glob("*.yaml")))
    settings = {"questions": f"{{{types}}}", "images.size": _PIXELS, **fields}
    command = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command += [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    run("viewpoint100k", "build", config, "--out", str(out), *command)
