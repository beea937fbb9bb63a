"""Everything that the rows of a build follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.layout import ShardLayout
from viewpoint100k.questions import Template

__all__ = ["BuildPlan"]


@dataclass(frozen=True)
class BuildPlan:
    """Everything that rows follow from: plain values, the same in every process of a build."""

    config: BuildConfig
    layout: ShardLayout
    templates: Mapping[str, Template]
    """By their names in the config."""
    digest: str
    """Of the config, the list of assets and the templates."""
    unusable: Mapping[str, str]
    """Assets found unusable before the plan was made, which leaves them out, and the reasons."""
    same_objects: tuple[tuple[str, ...], ...] = ()
    """Groups of assets that are near duplicates, see `near_duplicates`; each lies within one split."""
