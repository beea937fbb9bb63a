"""``viewpoint100k doctor``."""

from __future__ import annotations

import typer

__all__ = ["doctor"]


def doctor() -> None:
    """Say which OpenGL this machine has, what is missing, and how to get it.

    Example: viewpoint100k doctor
    """
    from viewpoint100k.bench.doctor import doctor as examine

    if not examine():
        raise typer.Exit(1)
