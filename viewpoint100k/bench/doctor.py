"""Checks what this machine has for rendering and building, and gives the command that installs what is missing.

Every check catches the errors of its library, because the doctor must also run on machines without EGL.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from renderers.context import DEBIAN_PACKAGES, create_context
from renderers.devices import cuda_devices, deal, drawing_devices, egl_devices
from renderers.software.extension import load as load_extension
from renderers.software.extension import why_missing
from renderers.software.selection import has_cuda
from viewpoint100k.errors import RendererError, UsageError
from viewpoint100k.runtime.cores import usable_cores

__all__ = ["Finding", "doctor", "findings"]

Status = Literal["ok", "note", "bad"]

_PYRENDER_PACKAGES = ("libx11-6", "libxext6", "libxrender1")
"""Debian packages that pyrender needs besides `DEBIAN_PACKAGES`."""
_LIBRARIES = {
    "libegl1": "EGL",
    "libgl1": "GL",
    "libx11-6": "X11",
    "libxext6": "Xext",
    "libxrender1": "Xrender",
}
"""Debian package -> the library in it. (``libgl1-mesa-dri`` contains drivers; EGL's list of devices shows them.)"""
_EXTRAS = {
    "pyrender": ("pyrender",),
    "captures": ("pycolmap",),
    "cuda": ("cuda.bindings",),
    "ray": ("ray",),
    "blender": ("bpy",),
    "audit": ("sklearn",),
    "dev": ("pytest", "hypothesis", "embreex"),
}
"""Extra of this package -> the modules that it installs."""
_PACKAGES = ("numpy", "scipy", "trimesh", "moderngl", "pillow", "simplejpeg", "pyarrow", "datasets", "huggingface_hub")
_LEAST_FREE_GIB = 10.0
"""Smallest free disk space without a note; a full data set takes about 7 GiB."""


@dataclass(frozen=True)
class Finding:
    """Result of one check."""

    name: str
    status: Status
    """``ok``; ``note``: a build works, with a limitation; ``bad``: a build cannot run."""
    text: str
    """The result in one line."""
    remedy: str = ""
    """A command or a sentence that solves the problem."""


def findings() -> list[Finding]:
    """Results of all checks, in the order in which they are printed. Never raises."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        _extras,
        _machine,
        _software,
        _libraries,
        _devices,
        _opengl,
        _pyrender,
        _blender,
    )
    found: list[Finding] = []
    for check in checks:
        try:
            found.extend(check())
        except Exception as error:  # A check that fails is itself a finding.
            found.append(
                Finding(check.__name__.strip("_"), "bad", f"the check failed: {type(error).__name__}: {error}")
            )
    return found


def doctor() -> bool:
    """Prints every finding; returns whether a build can run here."""
    marks = {"ok": "ok  ", "note": "note", "bad": "BAD "}
    found = findings()
    width = max(len(finding.name) for finding in found)
    for finding in found:
        print(f"{marks[finding.status]}  {finding.name:<{width}}  {finding.text}")
        if finding.remedy and finding.status != "ok":
            print(f"{'':6}{'':{width}}  -> {finding.remedy}")
    ok = all(finding.status != "bad" for finding in found)
    print("\nThis machine can build." if ok else "\nThis machine cannot build yet: see BAD above.")
    return ok


def _python() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    remedy = "" if good else "Python 3.11 or later is needed"
    yield Finding("python", "ok" if good else "bad", f"{platform.python_version()} on {platform.platform()}", remedy)
    versions, missing = [], []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding("packages", "ok", ", ".join(versions))
    if missing:
        yield Finding("packages", "bad", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")


def _extras() -> Iterator[Finding]:
    there = {extra: all(_is_installed(m) for m in modules) for extra, modules in _EXTRAS.items()}
    have = ", ".join(extra for extra, found in there.items() if found) or "none"
    lacking = [extra for extra, found in there.items() if not found]
    text = f"{have}" + (f" (not installed: {', '.join(lacking)})" if lacking else "")
    yield Finding("extras", "ok", text)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False


def _machine() -> Iterator[Finding]:
    cores = usable_cores()
    yield Finding("cpu", "ok", f"{cores} cores usable")
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    short = free < _LEAST_FREE_GIB
    remedy = (
        f"a full data set takes about 7 GiB: give --out a disk with {_LEAST_FREE_GIB:.0f} GiB free" if short else ""
    )
    yield Finding("disk", "note" if short else "ok", f"{free:.0f} GiB free here", remedy)


def _software() -> Iterator[Finding]:
    try:
        builds = load_extension().builds()
    except RendererError as error:
        remedy = "apt-get install g++, then install the package again; until then set renderer=opengl"
        yield Finding("software renderer", "note", str(error), remedy)
        return
    yield Finding("software renderer", "ok", f"draws by {builds[0]} here (also built: {', '.join(builds[1:])})")
    if has_cuda():
        yield Finding("software renderer", "ok", "draws on the GPU, through CUDA")
    elif seen := cuda_devices():
        remedy = "pip install 'viewpoint100k[cuda]'; VIEWPOINT100K_LANES must not name a build for the CPU"
        yield Finding("software renderer", "note", f"draws on the CPU, though there is {seen[0].name}", remedy)


def _without_opengl() -> Status:
    """Status of a missing OpenGL: ``bad`` only if the software renderer is missing too."""
    return "bad" if why_missing() else "note"


def _libraries() -> Iterator[Finding]:
    pyrender = importlib.util.find_spec("pyrender") is not None
    wanted = (*DEBIAN_PACKAGES, *(_PYRENDER_PACKAGES if pyrender else ()))
    missing = [package for package in wanted if package in _LIBRARIES and find_library(_LIBRARIES[package]) is None]
    needed = [package for package in missing if package in DEBIAN_PACKAGES]
    if not missing:
        yield Finding("libraries", "ok", "EGL and GL are there")
        return
    if needed and "libgl1-mesa-dri" not in missing:
        missing.append("libgl1-mesa-dri")
    yield Finding(
        "libraries",
        _without_opengl() if needed else "note",
        f"missing: {', '.join(missing)}",
        f"apt-get install {' '.join(missing)}",
    )


def _devices() -> Iterator[Finding]:
    try:
        devices = egl_devices()
    except OSError as error:
        text = f"no EGL library ({error})"
        yield Finding("EGL devices", _without_opengl(), text, f"apt-get install {' '.join(DEBIAN_PACKAGES)}")
        return
    text = "; ".join(f"{device.index}: {device}" for device in devices) or "EGL lists none"
    yield Finding("EGL devices", "ok" if devices else "note", text)
    seen = cuda_devices()
    if seen:
        lines = (f"{d.index}: {d.name}, {d.memory_bytes / 2**30:.0f} GiB, GPU-{d.uuid}" for d in seen)
        yield Finding("CUDA devices", "ok", "; ".join(lines))
    try:
        gpus = drawing_devices(devices, seen)
    except UsageError as error:
        yield Finding("GPUs for workers", "note", str(error))
        return
    if not gpus and seen:
        text = "none: EGL lists no device that CUDA lets this process see"
        remedy = "in a container set NVIDIA_DRIVER_CAPABILITIES=all (or graphics); see that libEGL_nvidia.so.0 is found"
        yield Finding("GPUs for workers", "note", text, remedy)
    if gpus:
        workers = usable_cores()
        dealt = Counter(deal(workers, gpus))
        shares = (f"{gpu.number}: {gpu.name} (EGL device {gpu.device_index}), {dealt[gpu]} workers" for gpu in gpus)
        yield Finding("GPUs for workers", "ok", f"of {workers}: " + "; ".join(shares))


def _opengl() -> Iterator[Finding]:
    try:
        context, facts = create_context(None, require_gpu=False)
    except RendererError as error:
        yield Finding("OpenGL", _without_opengl(), str(error), f"apt-get install {' '.join(DEBIAN_PACKAGES)}")
        return
    context.release()
    kind = "software" if facts.software else "GPU"
    text = f"{facts.renderer} ({facts.vendor}), {facts.version}, {kind}, up to {facts.max_samples} samples"
    yield Finding("OpenGL", "ok", text)
    if facts.software and Path("/dev/nvidiactl").exists():
        yield Finding(
            "GPU",
            "note",
            "there is an NVIDIA GPU, but OpenGL draws in software",
            "in a container set NVIDIA_DRIVER_CAPABILITIES=all (or graphics); see that libEGL_nvidia.so.0 is found",
        )


def _pyrender() -> Iterator[Finding]:
    if importlib.util.find_spec("pyrender") is None:
        yield Finding("pyrender", "ok", "not installed (optional): pip install 'viewpoint100k[pyrender]'")
        return
    yield Finding("pyrender", "ok", f"{metadata.version('pyrender')}, the second renderer: --set renderer=pyrender")


def _blender() -> Iterator[Finding]:
    if importlib.util.find_spec("bpy") is None:
        yield Finding("blender", "ok", "not installed (optional): pip install 'viewpoint100k[blender]'")
        return
    yield Finding("blender", "ok", f"bpy {metadata.version('bpy')}, the third renderer: --set renderer=blender")
