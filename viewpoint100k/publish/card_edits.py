"""Edits the built card for publishing: the repository's name, its configs, warnings, and notes on left-out photos."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from viewpoint100k.dataset.dataset_info import SplitSize, dataset_info
from viewpoint100k.dataset.folder import ShardEntry, manifest_digest
from viewpoint100k.dataset.references import REFERENCE_COLUMNS
from viewpoint100k.dataset.schema import COLUMNS
from viewpoint100k.publish.form import Form, Group

__all__ = ["published_card", "published_license", "rehydrated_card"]

_FAILED = """
> **Warning.** This data set was published although its checks failed: {failures}.
> Do not rely on its labels.
"""

_REFERENCES = """
## Photos that are not here

{which} hold references instead of photos, because the photos may not be re-hosted. Each image is `{{"bytes": null,
"path": "sha256:…"}}`, the digest of the missing file. All other columns are complete. If you have the photos, these
commands put them back and check every digest:

```bash
pip install viewpoint100k
hf download {repo} --repo-type dataset --local-dir {name}
viewpoint100k rehydrate {name} {options}
```
"""

_BY_LICENSE = """
## One licence at a time

Rows are sorted by the licence of their object. Each licence is a config that can be downloaded by itself: {calls}.
"""

_LICENSE_NOTE = """
Rows of {sources} hold sha256 digests instead of photographs. Their licence column states the licence of the
photographs, which are not part of this data set.
"""


@dataclass(frozen=True)
class _Config:
    """A config as the card's metadata states it."""

    name: str
    shards: tuple[ShardEntry, ...]
    is_default: bool
    references: bool


def published_card(card: str, repo: str, form: Form, failures: Sequence[str], photo_sources: Iterable[str]) -> str:
    """The card of ``form`` in ``repo``, made from the built card.

    Args:
        failures: what the checks found, if the set is published in spite of it.
        photo_sources: sources whose photos are left out, such as ``co3d``.
    """
    from huggingface_hub import DatasetCard

    edited = DatasetCard(card)
    if len(form.groups) > 1 or form.has_references or any(group.license for group in form.groups):
        _state_configs(edited.data, _configs(form), form.shards)
    else:
        _state_digest(edited.data, form.shards)
    if edited.data.get("license") == "other":
        edited.data["license_name"], edited.data["license_link"] = "per-row", "LICENSE"
    text = re.sub(r'(load_dataset\(")[^"/]+"', rf'\1{repo}"', edited.text)
    if failures:
        text = _after_title(text, _FAILED.format(failures="; ".join(failures)))
    sections = ""
    if sum(not group.references for group in form.groups) > 1:
        names = [group.name for group in form.groups if not group.references]
        sections += _BY_LICENSE.format(calls=", ".join(f'`load_dataset("{repo}", "{name}")`' for name in names))
    if form.has_references:
        sections += _references_section(repo, form, sorted(photo_sources))
    edited.text = _before_section(text, "## Columns", sections)
    return str(edited)


def published_license(text: str, photo_sources: Iterable[str]) -> str:
    """The licence file, with a note if rows of ``photo_sources`` are published without photos."""
    sources = ", ".join(sorted(photo_sources))
    return text + _LICENSE_NOTE.format(sources=sources) if sources else text


def rehydrated_card(card: str, shards: Sequence[ShardEntry]) -> str:
    """The card of a folder whose photos were put back: one config with all rows."""
    from huggingface_hub import DatasetCard

    edited = DatasetCard(card)
    edited.text = re.sub(r"(?ms)^## Photos that are not here$.*?(?=^## )", "", edited.text)
    _state_configs(edited.data, [_Config("default", tuple(shards), is_default=True, references=False)], shards)
    return str(edited)


def _configs(form: Form) -> list[_Config]:
    """The default config with all rows that have images, and one config for each group if there are several."""
    with_images = [group for group in form.groups if not group.references]
    chosen = with_images or list(form.groups)
    paths = {shard.path for group in chosen for shard in form.groups[group]}
    every = tuple(shard for shard in form.shards if shard.path in paths)
    found = [_Config("default", every, is_default=True, references=not with_images)]
    named = [group for group in form.groups if group.license or (group.references and with_images)]
    return found + [_Config(group.name, form.groups[group], False, group.references) for group in named]


def _state_configs(metadata: Any, configs: Sequence[_Config], shards: Sequence[ShardEntry]) -> None:
    """Writes ``configs`` and ``dataset_info``. The digest makes readers discard cached rows of another version."""
    digest, stated, infos = manifest_digest(shards), [], []
    for config in configs:
        splits = {split: [s for s in config.shards if s.split == split] for split in _splits(config.shards)}
        files = [{"split": split, "path": _paths(mine, shards)} for split, mine in splits.items()]
        one = {"config_name": config.name, "description": f"manifest {digest}", "data_files": files}
        stated.append(one | ({"default": True} if config.is_default else {}))
        sizes = {
            split: SplitSize(sum(s.bytes for s in mine), sum(s.rows for s in mine)) for split, mine in splits.items()
        }
        columns = REFERENCE_COLUMNS if config.references else COLUMNS
        infos.append({"config_name": config.name} | dataset_info(columns, sizes))
    metadata.configs = stated
    metadata.dataset_info = infos if len(infos) > 1 else {k: v for k, v in infos[0].items() if k != "config_name"}


def _state_digest(metadata: Any, shards: Sequence[ShardEntry]) -> None:
    """Writes the digest of the published rows into the card, because it may differ from the build's."""
    for config in metadata.get("configs") or []:
        if str(config.get("description", "")).startswith("manifest "):
            config["description"] = f"manifest {manifest_digest(shards)}"


def _splits(shards: Iterable[ShardEntry]) -> list[str]:
    return sorted({shard.split for shard in shards}, key=lambda split: (split != "train", split))


def _paths(mine: Sequence[ShardEntry], shards: Sequence[ShardEntry]) -> str | list[str]:
    """A pattern if these are all shards of their split, else their paths."""
    split = mine[0].split
    if len(mine) == sum(shard.split == split for shard in shards):
        return f"data/{split}-*.parquet"
    return [shard.path for shard in mine]


def _references_section(repo: str, form: Form, sources: Sequence[str]) -> str:
    references = next(group for group in form.groups if group.references)
    rows = sum(shard.rows for shard in form.groups[references])
    which = "All rows" if len(form.groups) == 1 else f"The {rows:,} rows of the config `{Group(True, '').name}`"
    options = " ".join(f"--{source} MY-{source.upper()}" for source in sources)
    return _REFERENCES.format(which=which, repo=repo, name=repo.partition("/")[2], options=options)


def _after_title(text: str, passage: str) -> str:
    return re.sub(r"(?m)^(# .*\n)", lambda title: title[1] + passage, text, count=1)


def _before_section(text: str, heading: str, passage: str) -> str:
    """Inserts a passage before a section, or at the end if the card has no such section."""
    before, found, after = text.partition(f"\n{heading}\n")
    return f"{before}{passage}{found}{after}" if passage else text
