"""Writes the card of a finished data set, its licence file and its attribution list, all from the shards."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from viewpoint100k import __version__
from viewpoint100k.dataset.attribution import Attribution
from viewpoint100k.dataset.dataset_info import SplitSize, dataset_info
from viewpoint100k.dataset.folder import DatasetFolder, Manifest, open_parquet
from viewpoint100k.dataset.motion_table import JOINTS, JointTable
from viewpoint100k.dataset.reference import reference_of
from viewpoint100k.dataset.schema import COLUMNS
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.config import CONFIG_FILE, as_yaml
from viewpoint100k.runtime.files import write_atomically
from viewpoint100k.runtime.storage import Location

__all__ = ["Statistics", "gather", "put_audit", "write_card"]

_AUDIT_BEGINS, _AUDIT_ENDS = "<!-- audit begins -->", "<!-- audit ends -->"

_COUNTED = ("question_type", "answer", "answer_text", "source", "category", "license", "renderer")
_READ = (*_COUNTED, "asset_id", "asset_sha256", "creator", "uri", "relative", "margin", "question")
_MEASURED = ("cameras", "object_radius", "reasoning")


@dataclass
class Statistics:
    """Statistics of a split, computed in one pass over all columns but the images."""

    rows: int = 0
    bytes: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in _COUNTED})
    letters: dict[str, Counter[str]] = field(default_factory=dict)
    """Letters of the correct options, by question type."""
    directions: dict[str, Counter[str]] = field(default_factory=dict)
    """Signs of the azimuth change, by question type."""
    angles: Counter[int] = field(default_factory=Counter)
    """Size of the azimuth change, in bins of ten degrees, keyed by the lower end."""
    assets: int = 0
    """Distinct objects."""
    examples: dict[str, str] = field(default_factory=dict)
    """One example question of each type."""
    joint: JointTable = field(default_factory=JointTable)
    """Joint distributions of the parts of the camera motion."""
    reasoned: int = 0
    """Rows with a chain of thought."""


def gather(split: str, paths: Sequence[Location], attribution: Attribution) -> Statistics:
    """Statistics over the shards of one split, one row group at a time. Adds the split's objects to ``attribution``."""
    statistics = Statistics(bytes=sum(path.stat().st_size for path in paths))
    for row in attribution.add(split, _rows(paths)):
        kind, relative = row["question_type"], row["relative"]
        statistics.rows += 1
        for name in _COUNTED:
            statistics.counts[name][row[name]] += 1
        statistics.letters.setdefault(kind, Counter())[row["answer"]] += 1
        sign = "positive" if relative["azimuth_deg"] > 0 else "negative"
        statistics.directions.setdefault(kind, Counter())[sign] += 1
        statistics.angles[int(abs(relative["azimuth_deg"]) // 10) * 10] += 1
        statistics.examples.setdefault(kind, row["question"])
        statistics.joint.add(row)
        statistics.reasoned += row["reasoning"] is not None
    statistics.assets = attribution.count(split)
    return statistics


def write_card(
    folder: DatasetFolder,
    build_plan: BuildPlan,
    manifest: Manifest,
    dropped_assets: Mapping[str, str],
    drops: Mapping[tuple[str, str], int],
    notes: Mapping[str, int],
    unmeasured: Mapping[str, int],
) -> None:
    """Writes config.yaml, LICENSE, ATTRIBUTION.csv and finally README.md."""
    attribution = Attribution()
    splits = _splits(folder, build_plan, attribution)
    attribution.write(folder.root / "ATTRIBUTION.csv")
    attribution.close()
    write_atomically(folder.root / CONFIG_FILE, as_yaml(build_plan.config.model_dump(mode="json")).encode())
    write_atomically(folder.root / "LICENSE", _license_text(splits).encode())
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    text = environment.from_string(_card_template()).render(
        metadata=_metadata(build_plan, splits, manifest.digest),
        config=build_plan.config,
        digest=build_plan.config_digest,
        manifest=manifest,
        reference=_reference_name(build_plan, manifest),
        templates=sorted(build_plan.templates.values(), key=lambda template: template.question_type),
        splits=splits,
        tried=build_plan.tried,
        dropped_assets=Counter(dropped_assets.values()).most_common(),
        drops=sorted(drops.items()),
        notes=sorted(notes.items()),
        unmeasured=sorted(unmeasured.items()),
        versions=_versions(),
        joints=JOINTS,
    )
    write_atomically(folder.card, text.encode())


def put_audit(folder: DatasetFolder, table: str) -> None:
    """Writes the results of an audit into the card of ``folder``; replaces earlier results."""
    if not folder.card.is_file():
        return
    text = folder.card.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_AUDIT_BEGINS)
    _, end, after = rest.partition(_AUDIT_ENDS)
    if begin and end:
        write_atomically(folder.card, f"{before}{begin}\n{table.strip()}\n{end}{after}".encode())


def _reference_name(build_plan: BuildPlan, manifest: Manifest) -> str | None:
    """The name of the reference build that has these rows; None if there is none."""
    found = reference_of(build_plan.config_digest)
    return found.name if found is not None and found.digests == manifest.rows else None


def _splits(folder: DatasetFolder, build_plan: BuildPlan, attribution: Attribution) -> dict[str, Statistics]:
    names = dict.fromkeys(shard.split for shard in build_plan.layout.shards)
    return {
        name: gather(
            name, [folder.shard_path(shard) for shard in build_plan.layout.shards if shard.split == name], attribution
        )
        for name in names
    }


def _rows(paths: Sequence[Location]) -> Iterator[dict[str, Any]]:
    for path in paths:
        with open_parquet(path) as file:
            for batch in file.iter_batches(columns=[*_READ, *_MEASURED]):
                yield from batch.to_pylist()


def _metadata(build_plan: BuildPlan, splits: Mapping[str, Statistics], manifest_digest: str) -> str:
    """The card's YAML header, which ``datasets`` and the Hub read."""
    from huggingface_hub import DatasetCardData

    licenses = {name for statistics in splits.values() for name in statistics.counts["license"]}
    config = {
        "config_name": "default",
        "description": f"manifest {manifest_digest}",
        "data_files": [{"split": name, "path": f"data/{name}-*.parquet"} for name in splits],
        "default": True,
    }
    return DatasetCardData(
        pretty_name=build_plan.config.name,
        license=next(iter(licenses)).lower() if len(licenses) == 1 and "NOASSERTION" not in licenses else "other",
        language=["en"],
        task_categories=["visual-question-answering", "multiple-choice"],
        tags=["spatial-reasoning", "camera-pose", "multi-view", "viewpoint", "synthetic"],
        size_categories=[_size_category(sum(s.rows for s in splits.values()))],
        configs=[config],
        dataset_info=dataset_info(COLUMNS, {name: SplitSize(s.bytes, s.rows) for name, s in splits.items()}),
    ).to_yaml()


def _size_category(rows: int) -> str:
    bounds = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M", 10_000_000: "1M<n<10M"}
    return next((name for bound, name in bounds.items() if rows < bound), "n>10M")


def _license_text(splits: Mapping[str, Statistics]) -> str:
    counts: Counter[str] = Counter()
    for statistics in splits.values():
        counts += statistics.counts["license"]
    lines = "\n".join(f"  {name}: {count} rows" for name, count in sorted(counts.items()))
    return (
        "Each row is under the licence of the object that it shows, named in its `license` column (SPDX ids) and,\n"
        "with author and address, in ATTRIBUTION.csv. NOASSERTION means that no licence was stated: such rows\n"
        f"must not be published.\n\n{lines}\n\n"
        "The questions, answers and poses are released under CC0-1.0 (https://creativecommons.org/publicdomain/zero/1.0/).\n"
    )


def _versions() -> dict[str, str]:
    packages = ("numpy", "scipy", "trimesh", "moderngl", "pillow", "simplejpeg", "pyarrow", "datasets")
    return {"viewpoint100k": __version__, "Python": platform.python_version()} | {
        name: metadata.version(name) for name in packages
    }


def _card_template() -> str:
    """The template, from the installed package or the top of a source tree."""
    packaged = resources.files("viewpoint100k") / "dataset_card.md"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "dataset_card.md").read_text(encoding="utf-8")
