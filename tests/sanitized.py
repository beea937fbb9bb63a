"""Builds an extension with the address and the undefined-behaviour sanitizers, and runs Python with it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -g1"


def build_with_sanitizers(target: str, folder: Path) -> Path:
    """Builds ``_native`` or ``_compiled`` in a folder, and returns the extension. Skips the test without a compiler."""
    nanobind = pytest.importorskip("nanobind")
    if shutil.which("cmake") is None or shutil.which("g++") is None:
        pytest.skip("there is no g++ or no cmake")
    options = [f"-DCMAKE_CXX_FLAGS={_FLAGS}", f"-DCMAKE_MODULE_LINKER_FLAGS={_FLAGS}", "-DCMAKE_CXX_COMPILER=g++"]
    options += [f"-DPython_EXECUTABLE={sys.executable}", f"-Dnanobind_DIR={nanobind.cmake_dir()}", "-DOPTIMIZATION=-O1"]
    native = ROOT / "renderers" / "software" / "native"
    subprocess.run(["cmake", "-S", native, "-B", folder, *options], check=True, capture_output=True)
    build = ["cmake", "--build", folder, "--target", target, "--parallel", "2"]
    subprocess.run(build, check=True, capture_output=True)
    (extension,) = folder.rglob(f"{target}.*.so")
    return extension


def run_with_sanitizers(script: str, extension: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a script whose arguments are the folder of the tests and the extension."""
    libraries = [
        subprocess.run(["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout.strip()
        for name in ("libasan.so", "libstdc++.so")
    ]
    environment = os.environ | {
        "LD_PRELOAD": " ".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", script, str(ROOT / "tests"), str(extension)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)
