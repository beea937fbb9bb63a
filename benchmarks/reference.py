"""Makes a finished data set the reference build of its config, and prints what docs/reference.md says of it.

    python -m benchmarks.reference DIR [--name viewpoint-100k]

Writes two files to viewpoint100k/dataset/reference_builds. Prints Markdown: rows, sizes, digests, and what was dropped,
all from the folder.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from viewpoint100k import __version__
from viewpoint100k.dataset.reference import Reference, write_reference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a finished data set")
    parser.add_argument("--name", default="viewpoint-100k")
    options = parser.parse_args()
    reference = write_reference(options.folder, options.name, __version__)
    print(described(options.folder, reference))


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
