"""Stand-ins for what a tool's files import and what this machine or this version of a library does not have."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def stand_in_for_flash_attention() -> None:
    """Lets ``flash_attn`` be imported, with every name that is asked of it. A call of one of them fails."""
    for name in ("flash_attn", "flash_attn.flash_attn_interface", "flash_attn.bert_padding"):
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        module.__path__ = []
        module.__version__ = "2.0"  # type: ignore[attr-defined]
        module.__getattr__ = _named  # type: ignore[method-assign]
        sys.modules[name] = module


def _named(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _wants_a_gpu


def _wants_a_gpu(*others: Any, **named: Any) -> Any:
    raise RuntimeError("flash attention wants a GPU")
