"""Which objects of Objaverse 1.0 a user's options mean: by LVIS category, licence and count."""

from __future__ import annotations

import difflib
import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from viewpoint100k.assets.objaverse_cache import ObjaverseCache, ObjaverseObject, read_gzipped_json
from viewpoint100k.assets.objaverse_spec import ObjaverseOptions, spdx_license
from viewpoint100k.errors import UsageError
from viewpoint100k.runtime.progress import Progress

__all__ = ["choose", "drawn", "lvis_categories", "object_paths", "paths_on_disk", "sketchfab_objects"]

_OBJECT_PATH = re.compile(r"glbs/\d{3}-\d{3}/([0-9A-Za-z]{8,64})\.glb")
"""Nothing else is taken for a place in the cache: annotations come over the network."""


def choose(cache: ObjaverseCache, options: ObjaverseOptions) -> tuple[list[ObjaverseObject], Counter[str]]:
    """The objects that ``options`` mean, sorted by id, and how many were left out for which reason.

    Reasons: ``malformed_annotation``, ``license_not_chosen``, ``not_in_lvis_choice``, ``no_annotations``,
    ``over_count``.
    """
    left_out: Counter[str] = Counter()
    candidates = _candidates(cache, options, left_out)
    return drawn(
        _licensed(sketchfab_objects(cache, options, candidates, left_out), options, left_out), options, left_out
    )


def _licensed(
    objects: Iterable[ObjaverseObject], options: ObjaverseOptions, left_out: Counter[str]
) -> Iterator[ObjaverseObject]:
    for item in objects:
        if options.licenses and item.license not in options.licenses:
            left_out["license_not_chosen"] += 1
        else:
            yield item


def drawn(
    objects: Iterable[ObjaverseObject], options: ObjaverseOptions, left_out: Counter[str]
) -> tuple[list[ObjaverseObject], Counter[str]]:
    """At most ``options.count`` of ``objects``, sorted by id.

    Those with the smallest digests of their ids are taken: an even draw that needs no seed and holds only ``count``
    objects in memory.
    """
    seen = 0

    def counted() -> Iterator[ObjaverseObject]:
        nonlocal seen
        for item in objects:
            seen += 1
            yield item

    if options.count is None:
        taken = list(counted())
    else:
        taken = heapq.nsmallest(
            options.count, counted(), key=lambda item: hashlib.sha256(item.asset_id.encode()).digest()
        )
    left_out["over_count"] += seen - len(taken)
    return sorted(taken, key=lambda item: item.asset_id), +left_out


def _candidates(cache: ObjaverseCache, options: ObjaverseOptions, left_out: Counter[str]) -> dict[str, str]:
    """Path in the data set by uid, before anything is known of licences."""
    paths = paths_on_disk(cache) if options.cached else object_paths(cache, left_out)
    if not options.lvis:
        return paths
    chosen = lvis_categories(cache, options).keys()
    left_out["not_in_lvis_choice"] += len(paths.keys() - chosen)
    return {uid: path for uid, path in paths.items() if uid in chosen}


def object_paths(cache: ObjaverseCache, left_out: Counter[str]) -> dict[str, str]:
    """Path in the data set by uid, of all objects; what is no path of an object counts as ``malformed_annotation``."""
    content = read_gzipped_json(cache.annotations("object-paths.json.gz"))
    found = {uid: path for uid, path in content.items() if _belongs(uid, path)}
    left_out["malformed_annotation"] += len(content) - len(found)
    return found


def _belongs(uid: str, path: object) -> bool:
    match = _OBJECT_PATH.fullmatch(path) if isinstance(path, str) else None
    return match is not None and match[1] == uid


def paths_on_disk(cache: ObjaverseCache) -> dict[str, str]:
    """As `object_paths`, of the objects that have been downloaded; needs no annotations."""
    root = cache.base / cache.version
    found = {path.stem: path.relative_to(root).as_posix() for path in root.glob("glbs/*/*.glb")}
    return {uid: path for uid, path in found.items() if _belongs(uid, path)}


def lvis_categories(cache: ObjaverseCache, options: ObjaverseOptions) -> dict[str, str]:
    """LVIS category by uid, of the chosen categories, or of all where none is chosen.

    Raises ``UsageError`` for a category that LVIS does not have.
    """
    content = read_gzipped_json(cache.annotations("lvis-annotations.json.gz"))
    by_name = {_folded(name): name for name in sorted(content)}
    wanted = sorted(content)
    if options.lvis and "any" not in options.lvis:
        for name in sorted(options.lvis):
            if _folded(name) not in by_name:
                near = [by_name[match] for match in difflib.get_close_matches(_folded(name), by_name, 4, 0.5)]
                hint = f": did you mean {' or '.join(near)}?" if near else ""
                raise UsageError(
                    f"LVIS has no category {name!r}{hint}" + "; names are as on lvisdataset.org" * (not near)
                )
        wanted = sorted(by_name[_folded(name)] for name in options.lvis)
    found: dict[str, str] = {}
    for name in wanted:
        listed = content[name]
        for uid in listed if isinstance(listed, list) else ():
            if isinstance(uid, str):
                found.setdefault(uid, name)  # An object in several categories goes by the first of their names.
    return found


def _folded(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def sketchfab_objects(
    cache: ObjaverseCache, options: ObjaverseOptions, paths: dict[str, str], left_out: Counter[str]
) -> Iterator[ObjaverseObject]:
    """What the annotations say of each object in ``paths`` (path in the data set by uid).

    The 160 files of metadata are read one after another and only what is needed of them is kept:
    ``objaverse.load_annotations`` holds all of them at once, which takes tens of gigabytes.
    """
    categories = lvis_categories(cache, ObjaverseOptions()) if _has_lvis(cache, options) else {}
    by_folder: dict[str, list[str]] = {}
    for uid, path in paths.items():
        by_folder.setdefault(path.split("/")[1], []).append(uid)
    with Progress("reading annotations", "files", total=len(by_folder)) as progress:
        for folder in sorted(by_folder):
            content = _metadata(cache, folder, options)
            for uid in sorted(by_folder[folder]):
                entry = content.get(uid)
                if isinstance(entry, dict):
                    yield _described(cache, uid, paths[uid], entry, categories.get(uid, ""))
                else:
                    left_out["no_annotations"] += 1
            progress.advance(1)


def _has_lvis(cache: ObjaverseCache, options: ObjaverseOptions) -> bool:
    """Categories are worth a small download, but where the network is not to be used they may be absent."""
    local = cache.base / cache.version / "lvis-annotations.json.gz"
    return bool(options.lvis) or local.exists() or not (options.cached or cache.offline)


def _metadata(cache: ObjaverseCache, folder: str, options: ObjaverseOptions) -> dict[str, Any]:
    local = cache.base / cache.version / "metadata" / f"{folder}.json.gz"
    if options.cached and not local.exists():
        return {}
    return read_gzipped_json(cache.annotations(f"metadata/{folder}.json.gz"))


def _described(cache: ObjaverseCache, uid: str, path: str, entry: dict[str, Any], category: str) -> ObjaverseObject:
    """One object. Annotations are Sketchfab's own words, by strangers: any field may be missing or of another type."""
    user = entry.get("user")
    author = user if isinstance(user, dict) else {}
    archives = entry.get("archives")
    archive = archives.get("glb") if isinstance(archives, dict) else None
    size = archive.get("size") if isinstance(archive, dict) else None
    return ObjaverseObject(
        asset_id=uid,
        part="sketchfab",
        path=f"{cache.version}/{path}",
        url=cache.object_url(path),
        license=spdx_license(_text(entry.get("license"))),
        title=_text(entry.get("name")),
        creator=_text(author.get("displayName")) or _text(author.get("username")),
        uri=_web(entry.get("viewerUrl")) or f"https://sketchfab.com/3d-models/{uid}",
        category=category,
        size=size if isinstance(size, int) and 0 < size < 2**50 else 0,
    )


def _text(value: object) -> str:
    """On one line; half of a surrogate pair, which cannot be stored, is replaced."""
    return " ".join(value.split()).encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _web(value: object) -> str:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""
