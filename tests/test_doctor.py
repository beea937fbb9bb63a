"""The doctor reports what is installed and what is missing, and never fails."""

import ctypes
from typing import Any

import pytest

from viewpoint100k.bench import doctor as module
from viewpoint100k.errors import RendererError


def _by_name() -> dict[str, module.Finding]:
    return {finding.name: finding for finding in module.findings()}


def test_findings_name_the_device_that_draws() -> None:
    found = _by_name()
    assert found["OpenGL"].status == "ok"
    assert any(word in found["OpenGL"].text for word in ("software", "GPU"))
    assert "samples" in found["OpenGL"].text
    assert found["python"].status == "ok"
    assert "cores" in found["cpu"].text


def test_doctor_prints_every_finding_and_says_whether_a_build_can_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert module.doctor() is True
    printed = capsys.readouterr().out
    for finding in module.findings():
        assert finding.name in printed
    assert printed.rstrip().endswith("This machine can build.")


@pytest.mark.parametrize("built", [True, False])
def test_a_machine_without_egl_gets_the_command_that_brings_it(
    built: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class NoLibrary(ctypes.CDLL):
        def __init__(self, name: str, *arguments: Any) -> None:
            raise OSError(f"{name}: cannot open shared object file")

    def refuse(device_index: int | None, require_gpu: bool) -> None:
        raise RendererError("no OpenGL 3.3 context")

    monkeypatch.setattr(module, "find_library", lambda name: None if name in ("EGL", "GL") else f"lib{name}.so")
    monkeypatch.setattr("ctypes.CDLL", NoLibrary)
    monkeypatch.setattr(module, "create_context", refuse)
    monkeypatch.setattr(module, "why_missing", lambda: None if built else "the software renderer is not built")
    assert module.doctor() is built  # the software renderer needs no OpenGL
    printed = capsys.readouterr().out
    assert "apt-get install libegl1 libgl1 libgl1-mesa-dri" in printed
    assert ("can build" if built else "cannot build") in printed


def test_a_machine_without_the_extension_is_told_what_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RendererError("the software renderer is not built")

    monkeypatch.setattr(module, "load_extension", refuse)
    finding = _by_name()["software renderer"]
    assert finding.status == "note"
    assert "not built" in finding.text
    assert "g++" in finding.remedy
    assert "opengl" in finding.remedy


def test_a_check_that_fails_is_itself_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode() -> list[str]:
        raise RuntimeError("driver crashed")

    monkeypatch.setattr(module, "egl_devices", explode)
    bad = [finding for finding in module.findings() if finding.status == "bad"]
    assert any("driver crashed" in finding.text for finding in bad)
