"""What a finished set's own build says of it, where its records are here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["recorded_source", "recorded_templates"]


def recorded_templates(folder: Path) -> dict[str, Any]:
    """The templates of a set's own build, by question type; none where its records are not here."""
    return dict(_build_record(folder).get("question_types") or {})


def recorded_source(folder: Path) -> str | None:
    """The source that a set was built from; None where its records are not here."""
    found = _build_record(folder).get("config")
    return str(found["source"]) if isinstance(found, dict) and "source" in found else None


def _build_record(folder: Path) -> dict[str, Any]:
    path = folder / ".build" / "build.json"
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}  # A damaged record: the rows can be looked at without it.
    return found if isinstance(found, dict) else {}
