"""Loads sources, renderers, exports and audits that other packages register as entry points.

A package states in its ``pyproject.toml``, for example::

    [project.entry-points."viewpoint100k.sources"]
    shapes = "my_package:open_shapes"

and ``--source shapes:DIR`` then calls ``open_shapes``. docs/extending.md states the signatures.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from viewpoint100k.errors import UsageError

__all__ = ["Group", "load_plugin", "plugin_names"]

Group = Literal["sources", "renderers", "exports", "audits"]


def plugin_names(group: Group) -> tuple[str, ...]:
    """Names that installed packages register in the group, sorted."""
    return tuple(sorted(_entries(group)))


def load_plugin(group: Group, name: str) -> Any | None:
    """The object registered as ``name`` in the group; None if no installed package registers it.

    Raises ``UsageError`` if a package registers it but it cannot be imported.
    """
    entry = _entries(group).get(name)
    if entry is None:
        return None
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{name} of viewpoint100k.{group} ({entry.value}) cannot be imported: {error}") from error


def _entries(group: Group) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"viewpoint100k.{group}")}
