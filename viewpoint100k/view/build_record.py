"""Reads the build records of a finished set, if they exist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["recorded_source", "recorded_templates"]


def recorded_templates(folder: Path) -> dict[str, Any]:
    """The templates with which the set was built, by question type; empty without build records."""
    return dict(_build_record(folder).get("question_types") or {})


def recorded_source(folder: Path) -> str | None:
    """The source from which the set was built; None without build records."""
    found = _build_record(folder).get("config")
    return str(found["source"]) if isinstance(found, dict) and "source" in found else None


def _build_record(folder: Path) -> dict[str, Any]:
    path = folder / ".build" / "build.json"
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}  # The record is damaged. The viewer works without it.
    return found if isinstance(found, dict) else {}
