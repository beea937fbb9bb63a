"""The build plan: all inputs that the rows of a build depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from viewpoint100k.assets import Asset, MeshAsset
from viewpoint100k.assets.descriptors import Descriptor, describe
from viewpoint100k.assets.fingerprints import fingerprints_of, shared_photos
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
    """Number of assets of sources that need a trial; built-in objects need none."""

    def __str__(self) -> str:
        if self.count == self.of:
            return f"tried: all {self.of:,} objects"
        return f"tried: {self.count:,} of {self.of:,} objects, as many as the rows needed"


@dataclass(frozen=True)
class HeldOut:
    """Test assets that an untried asset must not duplicate."""

    descriptors: Mapping[str, Descriptor] = field(default_factory=dict)
    """Descriptions of the test meshes, by asset id."""
    fingerprints: Mapping[str, bytes] = field(default_factory=dict)
    """Fingerprints of the photos of the test captures, by asset id."""
    contents: frozenset[str] = frozenset()
    """Digests of the assets' files."""

    def has_one_like(self, asset: Asset) -> bool:
        """True if the asset is a near duplicate of a test asset: a copy of a mesh, or a capture that shares a photo.

        Raises ``AssetError`` for a mesh without surface, and for a photo that cannot be read.
        """
        if asset.origin.sha256 in self.contents:
            return True
        if not isinstance(asset, MeshAsset):
            pairs = shared_photos({"": fingerprints_of(asset), **self.fingerprints})
            return any("" in pair for pair in pairs)
        groups = near_duplicates({"": describe(asset.mesh), **self.descriptors})
        return any("" in group for group in groups)


@dataclass(frozen=True)
class BuildPlan:
    """All inputs that the rows depend on: plain values, the same in every process of a build."""

    config: BuildConfig
    layout: ShardLayout
    templates: Mapping[str, Template]
    """Templates by their names in the config."""
    config_digest: str
    """Digest of the config and the templates, stated in rows and manifest. It does not change with the assets."""
    digest: str
    """Digest of the above, the used assets and their contents. A continued build must have the same."""
    unusable: Mapping[str, str]
    """Assets that the plan found unusable and leaves out, with the reasons."""
    same_objects: tuple[tuple[str, ...], ...] = ()
    """Groups of near-duplicate assets, see `near_duplicates` and `shared_photos`, named as rows name them; each group
    lies within one split."""
    tried: Tried = field(default_factory=Tried)
    held_out: HeldOut = field(default_factory=HeldOut)
