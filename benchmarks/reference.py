"""Makes a finished data set the reference build of its config, and prints what docs/reference.md says of it.

    python -m benchmarks.reference DIR [--name viewpoint-100k] [--tables-only]

Writes two files to viewpoint100k/dataset/reference_builds, unless only the tables are asked for. Prints Markdown, all
from the folder: rows, sizes, digests, what was dropped, and the results of ``viewpoint100k audit`` and ``viewpoint100k
probe`` if they were run.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from viewpoint100k import __version__
from viewpoint100k.dataset.reference import Reference, write_reference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a finished data set")
    parser.add_argument("--name", default="viewpoint-100k")
    parser.add_argument("--tables-only", action="store_true", help="write no files")
    options = parser.parse_args()
    if options.tables_only:
        with TemporaryDirectory() as scratch:
            reference = write_reference(options.folder, options.name, __version__, Path(scratch))
    else:
        reference = write_reference(options.folder, options.name, __version__)
    print("\n\n".join([described(options.folder, reference), *audited(options.folder), *probed(options.folder)]))


def audited(folder: Path) -> list[str]:
    """The table of an audit, its largest excess over chance first; nothing if none was run."""
    path = folder / ".build" / "audit.json"
    if not path.is_file():
        return []
    report = json.loads(path.read_text())
    results = sorted(report["results"], key=lambda one: one["chance"] - one["score"])
    lines = [
        f"| {one['audit']} | {one['problem']} | {100 * one['score']:.1f} | {100 * one['chance']:.1f} "
        f"| {interval(one)} | {one['verdict']} |"
        for one in results
    ]
    head = "| audit | guessed | score | chance | 95% interval | verdict |\n|---|---|---|---|---|---|"
    return ["\n".join([head, *lines])]


def probed(folder: Path) -> list[str]:
    """The table of a probe; nothing if none was run."""
    path = folder / ".build" / "probe.json"
    if not path.is_file():
        return []
    report = json.loads(path.read_text())
    lines = [
        f"| {one['test']} | {100 * one['score']:.1f}% | {interval(one)} | {100 * one['chance']:.1f} |"
        for one in report["results"]
    ]
    head = "| shown | right | 95% interval | chance |\n|---|---|---|---|"
    trained = f"{report['trained_rows']:,} pairs of {report['trained_assets']:,} objects"
    return [f"Probe, trained on {trained}:", "\n".join([head, *lines])]


def interval(result: dict[str, Any]) -> str:
    low, high = result["interval"]
    return f"{100 * low:.1f} to {100 * high:.1f}"


def described(folder: Path, reference: Reference) -> str:
    """The set in numbers, as Markdown."""
    manifest = json.loads((folder / ".build" / "manifest.json").read_text())
    splits: Counter[str] = Counter()
    size = 0
    for entry in manifest["files"]:
        splits[entry["split"]] += entry["rows"]
        size += entry["bytes"]
    drops: Counter[tuple[str, str]] = Counter()
    used: set[str] = set()
    for path in sorted((folder / ".build" / "shards").glob("*.json")):
        for block in json.loads(path.read_text())["blocks"]:
            used.update(block["used_assets"])
            drops.update({(stage, reason): count for stage, reason, count in block["drops"]})
    lines: list[tuple[str, Any]] = [
        ("rows", ", ".join(f"{count:,} {split}" for split, count in splits.items())),
        ("objects", f"{len(used):,}"),
        ("shards", f"{len(manifest['files'])}"),
        ("size", f"{size / 1e9:.2f} GB"),
        ("config", f"`{reference.config}`"),
        ("manifest", f"`{manifest['digest']}`"),
        ("digest of labels, cameras and text", f"`{reference.digests.numbers}`"),
        ("digest of all, images included", f"`{reference.digests.content}`"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in lines)
    dropped = "\n".join(f"| {stage} | {reason} | {count:,} |" for (stage, reason), count in sorted(drops.items()))
    return f"| {reference.name} | |\n|---|---|\n{table}\n\n| dropped | reason | candidates |\n|---|---|---|\n{dropped}"


if __name__ == "__main__":
    main()
