"""Runs the suite with the lowest and with the newest versions of all libraries, on every Python that is supported.

``make test-versions``, or ``make test-versions VERSIONS="3.11-lowest"``. ``TESTS="tests/test_golden.py"`` runs some
files of tests alone. An environment lives in ``.tools/versions/`` and is made anew when pyproject.toml changes. What
came out is kept in ``.tools/versions.json``; ``--page FILE`` writes it as a table.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from run import CACHE, HERE, ROOT

sys.path.append(str(ROOT / "tests"))

from golden_rows import GOLDEN, JOBS

PYTHONS = ("3.11", "3.12", "3.13")
RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}
"""What uv calls them. ``lowest-direct``: the lowest of what pyproject.toml names, the newest of what those ask for."""
NAMES = [f"{python}-{versions}" for versions in RESOLUTIONS for python in PYTHONS]
EXTRAS = "dev,captures,audit"
UV = "uv==0.13.9"
FEW_ROWS = 20
"""Of the golden sets that are built where some tests alone run."""
RESULTS = CACHE / "versions.json"
DECISIVE = ("numpy", "scipy", "trimesh", "pillow", "simplejpeg", "pyarrow", "datasets", "pydantic", "typer", "pycolmap")
"""Libraries whose versions the page states: those that rows pass through, and those that set a minimum."""


def main() -> int:
    """Runs the environments that are named, or all; gives the number of those in which something failed."""
    arguments = _arguments()
    failed = 0
    kept = _kept()
    for name in arguments.names or NAMES:
        python = _environment(name, _uv())
        if python is None:
            print(f"skip {name}: there is no Python {name.split('-')[0]} on this machine", flush=True)
            continue
        result = _try(python, name, arguments.tests)
        failed += not result["passed"]
        kept[name] = result
        print(f"{'ok  ' if result['passed'] else 'FAIL'} {name}: {_said(result)}", flush=True)
        RESULTS.write_text(json.dumps(kept, indent=2) + "\n")
    if arguments.page:
        arguments.page.write_text(_page(kept), encoding="utf-8")
    return failed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(NAMES)}; all by default")
    parser.add_argument("--tests", default="", help="files of tests, apart by spaces; the whole suite by default")
    parser.add_argument("--page", type=Path, help="write the table of results here")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in NAMES]:
        parser.error(f"no environment {', '.join(unknown)}: there are {', '.join(NAMES)}")
    arguments.tests = arguments.tests.split()
    return arguments


def _uv() -> Path:
    """The installer that can choose the lowest versions, in an environment of its own."""
    place = CACHE / "uv"
    if not (place / "bin" / "uv").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        subprocess.run([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", UV], check=True)
    return place / "bin" / "uv"


def _environment(name: str, uv: Path) -> Path | None:
    """The Python of an environment, made where there is none for this pyproject.toml; None without such a Python."""
    version, versions = name.split("-")
    place = CACHE / "versions" / name
    ready, wanted = place / ".ready", hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    python = place / "bin" / "python"
    if ready.is_file() and ready.read_text() == wanted:
        return python
    base = _interpreter(version, uv)
    if base is None:
        return None
    print(f"making {name}", file=sys.stderr, flush=True)
    # --seed: with pip, by which tests install an example.
    subprocess.run([str(uv), "venv", "--quiet", "--clear", "--seed", "--python", base, str(place)], check=True)
    install = [str(uv), "pip", "install", "--quiet", "--python", str(python), "--resolution", RESOLUTIONS[versions]]
    subprocess.run([*install, "-e", f".[{EXTRAS}]"], check=True, cwd=ROOT)
    ready.write_text(wanted)
    return python


def _interpreter(version: str, uv: Path) -> str | None:
    """A Python of this version: one on PATH, or one that uv knows of. Nothing is downloaded."""
    if (found := shutil.which(f"python{version}")) and _ends_well([found, "-c", ""]):
        return found  # A shim of pyenv is on PATH for versions that are switched off as well.
    search = [str(uv), "python", "find", "--no-python-downloads", "--system", version]
    done = subprocess.run(search, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def _ends_well(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


def _try(python: Path, name: str, tests: list[str]) -> dict[str, Any]:
    """The suite, or some of its files, and the golden digests, in one environment."""
    began = time.monotonic()
    counts = _suite(python, CACHE / f"versions-{name}.xml", tests)
    equal, compared = _digests(python, FEW_ROWS if tests else None)
    bad = counts["failed"] + counts["errors"]
    return {
        **counts,
        "tests": tests,
        "digests": [equal, compared],
        "versions": _versions(python),
        "seconds": round(time.monotonic() - began),
        "date": datetime.date.today().isoformat(),
        "passed": bad == 0 and counts["passed_tests"] > 0 and equal == compared > 0,
    }


def _suite(python: Path, report: Path, tests: list[str]) -> dict[str, Any]:
    """Numbers of tests by outcome, and the names of those that failed. What they print goes to a log."""
    report.unlink(missing_ok=True)
    parallel = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [str(python), "-m", "pytest", "-m", "not slow", *parallel, f"--junitxml={report}", *tests]
    with report.with_suffix(".log").open("w") as log:
        subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=_variables(python))
    cases = list(ET.parse(report).getroot().iter("testcase")) if report.is_file() else []
    by_outcome: dict[str, list[str]] = {"failure": [], "error": [], "skipped": []}
    for case in cases:
        for outcome in {child.tag for child in case} & set(by_outcome):
            by_outcome[outcome].append(f"{case.get('classname')}::{case.get('name')}")
    failed, errors, skipped = (by_outcome[outcome] for outcome in ("failure", "error", "skipped"))
    return {
        "passed_tests": len(cases) - len({*failed, *errors, *skipped}),
        "failed": len(failed),
        "errors": len(errors),
        "skipped": len(skipped),
        "failing": [*failed, *errors],
    }


def _digests(python: Path, rows: int | None) -> tuple[int, int]:
    """How many of the golden sets, of at most ``rows`` rows, have the committed digests, and how many were built.

    Sets of real assets that are not on this machine are left out.
    """
    here = {name: job for name, job in JOBS.items() if not job.folder or job.folder.exists()}
    jobs = [name for name, job in here.items() if rows is None or job.rows <= rows]
    script = [str(python), str(ROOT / "tests" / "golden_rows.py"), *jobs]
    done = subprocess.run(script, capture_output=True, text=True, env=_variables(python), cwd=ROOT)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return 0, len(jobs)
    built, golden = json.loads(done.stdout), json.loads(GOLDEN.read_text())
    return sum(built[job] == golden[job] for job in jobs), len(jobs)


def _variables(python: Path) -> dict[str, str]:
    """Those of this process, but that commands are the environment's own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | {"PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', '')}"}


def _versions(python: Path) -> dict[str, str]:
    code = (
        "import json, platform; from importlib.metadata import version; "
        f"print(json.dumps({{'Python': platform.python_version()}} | {{n: version(n) for n in {DECISIVE!r}}}))"
    )
    return dict(json.loads(subprocess.run([str(python), "-c", code], capture_output=True, check=True).stdout))


def _said(result: dict[str, Any]) -> str:
    equal, compared = result["digests"]
    bad = f"; {', '.join(result['failing'][:5])}" if result["failing"] else ""
    return (
        f"{result['passed_tests']} passed, {result['failed']} failed, {result['errors']} errors, "
        f"{result['skipped']} skipped; digests equal {equal} of {compared}; {result['seconds']} s{bad}"
    )


def _kept() -> dict[str, Any]:
    return dict(json.loads(RESULTS.read_text())) if RESULTS.is_file() else {}


def _page(kept: dict[str, Any]) -> str:
    rows, lists = [], []
    for name in NAMES:
        if (result := kept.get(name)) is None:
            continue
        versions = result["versions"]
        libraries = ", ".join(f"{library} {versions[library]}" for library in DECISIVE)
        ran = f"{len(result['tests'])} files" if result["tests"] else "whole suite"
        equal, compared = result["digests"]
        counts = f"{result['passed_tests']} / {result['failed'] + result['errors']} / {result['skipped']}"
        resolution = name.split("-")[1]
        rows.append(
            f"| {versions['Python']} | {resolution} | {libraries} | {result['date']} | {ran} | {counts} | "
            f"{equal} of {compared} |"
        )
        lists += [f"- {name}: {' '.join(Path(test).name for test in result['tests'])}"] if result["tests"] else []
    filled = (HERE / "versions_page.md").read_text(encoding="utf-8").replace("TABLE", "\n".join(rows))
    if len(lists) == len(rows):
        lists.insert(0, "The whole suite was run in none of these environments, but these files of tests:\n")
    return filled.replace("FILES", "\n".join(lists) or "Every environment ran the whole suite.")


if __name__ == "__main__":
    sys.exit(main())
