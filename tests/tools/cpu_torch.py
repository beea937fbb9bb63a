"""Lets PyPI's torchvision and torchaudio be imported beside a CPU build of torch.

The runner copies this file into each environment as ``sitecustomize.py``, which Python loads at every start.

The compiled operators of both need CUDA, and do not load. `torchvision._meta_registrations` then fails, because it
registers stand-ins for operators that are not there; here such a registration is left out. `torchvision.io` cannot
decode images; here Pillow does it. `torchaudio` fails, because it finds a library that cannot be loaded; here that
counts as no library. What they have in Python, such as resizing an image, works.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def run_torchvision(module: ModuleType, run: Callable[[ModuleType], None]) -> None:
    """Runs the module with a ``torch.library.register_fake`` that ignores operators that are not there."""
    import torch

    register = torch.library.register_fake

    def register_if_there(name: str, *others: Any, **named: Any) -> Callable[[Any], Any]:
        library, _, operator = name.partition("::")
        if hasattr(getattr(torch.ops, library), operator):
            return register(name, *others, **named)
        return lambda function: function

    torch.library.register_fake = register_if_there
    try:
        run(module)
    finally:
        torch.library.register_fake = register


def run_images(module: ModuleType, run: Callable[[ModuleType], None]) -> None:
    """Runs the module, and decodes with Pillow if its own operator is not there."""
    run(module)
    import torch

    if hasattr(torch.ops.image, "decode_image"):
        return

    def decode_image(source: Any, *others: Any, **named: Any) -> Any:
        import io

        import numpy as np
        from PIL import Image

        file = io.BytesIO(source.numpy().tobytes()) if isinstance(source, torch.Tensor) else source
        pixels = np.array(Image.open(file).convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()

    module.decode_image = decode_image  # type: ignore[attr-defined]


def run_torchaudio(module: ModuleType, run: Callable[[ModuleType], None]) -> None:
    """Runs the module, and lets its ``_load_lib`` say False of a library that cannot be loaded."""
    run(module)
    load = module._load_lib

    def load_if_possible(name: str) -> bool:
        try:
            return bool(load(name))
        except OSError:
            return False

    module._load_lib = load_if_possible  # type: ignore[attr-defined]


MODULES: Mapping[str, Callable[[ModuleType, Callable[[ModuleType], None]], None]] = {
    "torchvision._meta_registrations": run_torchvision,
    "torchvision.io.image": run_images,
    "torchaudio._extension.utils": run_torchaudio,
}


class _Loader(Loader):
    def __init__(self, real: Loader, run: Callable[[ModuleType, Callable[[ModuleType], None]], None]) -> None:
        self._real, self._run = real, run

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._run(module, self._real.exec_module)


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name not in MODULES:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, MODULES[name])
        return spec


sys.meta_path.insert(0, _Finder())
