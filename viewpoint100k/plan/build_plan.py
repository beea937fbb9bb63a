"""Everything that the rows of a build follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from viewpoint100k.assets import Asset, MeshAsset
from viewpoint100k.assets.descriptors import Descriptor, describe
from viewpoint100k.assets.near_duplicates import near_duplicates
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.layout import ShardLayout
from viewpoint100k.questions import Template

__all__ = ["BuildPlan", "Tried"]


@dataclass(frozen=True)
class Tried:
    """How many assets were tried before the plan was made."""

    count: int = 0
    of: int = 0
    """All assets of the sources that are tried at all: built-in objects need no trial."""

    def __str__(self) -> str:
        if self.count == self.of:
            return f"tried: all {self.of:,} objects"
        return f"tried: {self.count:,} of {self.of:,} objects, as many as the rows needed"


@dataclass(frozen=True)
class HeldOut:
    """What an asset that was not tried must not be like: those of the test split."""

    descriptors: Mapping[str, Descriptor] = field(default_factory=dict)
    """By asset id, of meshes."""
    contents: frozenset[str] = frozenset()
    """Digests of the assets' files."""

    def has_one_like(self, asset: Asset) -> bool:
        """Whether the asset is a near duplicate of one of them. Raises ``AssetError`` for a mesh without surface."""
        if asset.origin.sha256 in self.contents:
            return True
        if not isinstance(asset, MeshAsset):
            return False
        groups = near_duplicates({"": describe(asset.mesh), **self.descriptors})
        return any("" in group for group in groups)


@dataclass(frozen=True)
class BuildPlan:
    """Everything that rows follow from: plain values, the same in every process of a build."""

    config: BuildConfig
    layout: ShardLayout
    templates: Mapping[str, Template]
    """By their names in the config."""
    config_digest: str
    """Of the config and the templates: what rows and manifest state. Assets that come and go do not change it."""
    digest: str
    """Of that and of the assets that are used and their contents: what a build that goes on must share."""
    unusable: Mapping[str, str]
    """Assets found unusable before the plan was made, which leaves them out, and the reasons."""
    same_objects: tuple[tuple[str, ...], ...] = ()
    """Groups of assets that are near duplicates, see `near_duplicates`; each lies within one split."""
    tried: Tried = field(default_factory=Tried)
    held_out: HeldOut = field(default_factory=HeldOut)
