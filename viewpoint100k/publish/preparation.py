"""From a finished folder to the files to publish: checks, licences, arrangement of rows, and the card."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from viewpoint100k import __version__
from viewpoint100k.assets.licenses import AllowedLicenses
from viewpoint100k.dataset.folder import ShardEntry
from viewpoint100k.dataset.references import REFERENCES_FILE
from viewpoint100k.errors import UsageError
from viewpoint100k.plan.config import CONFIG_FILE, as_yaml
from viewpoint100k.publish.card_edits import published_card, published_license
from viewpoint100k.publish.comparison import LocalFile
from viewpoint100k.publish.form import Form, arrange
from viewpoint100k.publish.gate import inspect_folder
from viewpoint100k.publish.terms import AssetTerms, Obstacle, obstacles, read_terms, refuse_obstacles
from viewpoint100k.runtime.files import file_sha256, write_atomically
from viewpoint100k.runtime.progress import Progress

__all__ = ["CARD", "QUESTION_TYPES", "Choices", "Prepared", "prepare"]

CARD = "README.md"
QUESTION_TYPES = "question_types.json"
"""The templates of the rows, by question type, which are needed to recompute their labels."""
_LISTED = 50
"""Number of obstacles that are printed; a file lists all of them."""
_MAX_FILES_IN_FOLDER = 10_000
"""The Hub's limit for the number of files in one folder."""


@dataclass(frozen=True)
class Choices:
    """The user's choices about the published content."""

    allowed: AllowedLicenses = field(default_factory=AllowedLicenses)
    split_by_license: bool = False
    """Sort rows by licence, with one config for each."""
    poses_only: bool = False
    """Publish photos that may not be re-hosted as references."""
    force: bool = False
    """Publish a set that failed its checks; the card states the failures."""


@dataclass(frozen=True)
class Prepared:
    """The files to publish."""

    data: tuple[LocalFile, ...]
    """All files except the card."""
    card: LocalFile
    rows: int
    failures: tuple[str, ...]
    """Failures of the checks that ``force`` overruled."""
    references: int
    """Number of rows whose photos are left out."""


def prepare(folder: Path, repo: str, choices: Choices, say: Callable[[str], None]) -> Prepared:
    """Checks ``folder`` and prepares the files to publish. ``say`` is called with a line for each obstacle.

    Raises ``DataError`` if the folder failed its checks or holds objects that may not be published.
    """
    with Progress("verifying", "rows") as progress:
        verdict = inspect_folder(folder, progress.reach)
    verdict.refuse(folder, choices.force)
    built = _built_shards(folder, trust_digests=not verdict.failures)
    terms = read_terms(folder / shard.path for shard in built)
    in_the_way, as_references = obstacles(terms, choices.allowed, choices.poses_only)
    _tell(folder, in_the_way, say)
    refuse_obstacles(folder, in_the_way)
    bare = [obstacle.asset for obstacle in as_references]
    with Progress("arranging", "rows") as progress:
        form = arrange(
            folder, built, terms, bare, split_by_license=choices.split_by_license, on_progress=progress.reach
        )
    if len(form.shards) > _MAX_FILES_IN_FOLDER:
        raise UsageError(
            f"{folder} has {len(form.shards):,} shards, and the Hub takes {_MAX_FILES_IN_FOLDER:,} files in a folder: "
            "build it with a larger rows_per_shard"
        )
    sources = {asset.source for asset in bare}
    card = published_card(_text(folder / CARD), repo, form, verdict.failures, sources)
    return Prepared(
        data=(*_shard_files(form), *_files_beside(folder, bare)),
        card=LocalFile.of_bytes(CARD, card.encode()),
        rows=verdict.rows,
        failures=verdict.failures,
        references=sum(asset.rows for asset in bare),
    )


def _built_shards(folder: Path, trust_digests: bool) -> tuple[ShardEntry, ...]:
    """The shards that the manifest lists. If not ``trust_digests``, their digests are computed from the files."""
    listed = json.loads(_text(folder / ".build" / "manifest.json"))["files"]
    shards = tuple(ShardEntry(**entry) for entry in listed)
    if trust_digests:
        return shards
    return tuple(
        replace(shard, bytes=(folder / shard.path).stat().st_size, sha256=file_sha256(folder / shard.path))
        for shard in shards
    )


def _tell(folder: Path, found: Sequence[Obstacle], say: Callable[[str], None]) -> None:
    """Prints the first obstacles and writes all of them to a file."""
    if not found:
        return
    path = folder / ".build" / "not-published.txt"
    write_atomically(path, "".join(f"{obstacle}\n" for obstacle in found).encode())
    for obstacle in found[:_LISTED]:
        say(str(obstacle))
    if len(found) > _LISTED:
        say(f"and {len(found) - _LISTED:,} more: see {path}")


def _shard_files(form: Form) -> list[LocalFile]:
    return [LocalFile(shard.path, form.root / shard.path, shard.bytes, shard.sha256) for shard in form.shards]


def _files_beside(folder: Path, bare: Sequence[AssetTerms]) -> list[LocalFile]:
    """Licence, attribution, templates and, if photos are left out, the settings that are needed to put them back."""
    license = published_license(_text(folder / "LICENSE"), {asset.source for asset in bare})
    contents = {"LICENSE": license.encode(), "ATTRIBUTION.csv": (folder / "ATTRIBUTION.csv").read_bytes()}
    built = json.loads(_text(folder / ".build" / "build.json"))
    if types := built.get("question_types"):
        contents[QUESTION_TYPES] = (json.dumps(types, indent=2, ensure_ascii=False) + "\n").encode()
    contents[CONFIG_FILE] = as_yaml(_without_places(built["config"])).encode()
    if bare:
        contents[REFERENCES_FILE] = (json.dumps(_recipe(built["config"]), indent=2) + "\n").encode()
    return [LocalFile.of_bytes(name, content) for name, content in contents.items()]


def _without_places(config: Mapping[str, Any]) -> dict[str, Any]:
    """``config`` with the names of files and folders instead of their full paths, which are private."""
    questions = {Path(name).name: weight for name, weight in config["questions"].items()}
    source = re.sub(r"[^:,*=]*/(?=[^/:,*=]+)", "", config["source"])
    return {**config, "questions": questions, "source": source}


def _recipe(config: Mapping[str, Any]) -> dict[str, object]:
    """What determines the images besides the photos: the build's limits and the versions of the image libraries."""
    libraries = ("pillow", "simplejpeg", "numpy", "scipy")
    versions = {"viewpoint100k": __version__} | {name: metadata.version(name) for name in libraries}
    return {"captures": config["captures"], "versions": versions}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
