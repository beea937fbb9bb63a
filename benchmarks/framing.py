"""What the framing of one image tells of each question type, from cameras alone: chooses the levels of `motions.step`.

Nothing is rendered, so 24,000 rows take minutes of one core. Run it with ``python -m benchmarks.framing --step large``.
A build also rejects pairs, as `symmetric` or for their frames; `viewpoint100k audit` measures what it built.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import viewpoint100k as vp
from viewpoint100k.building.placement import place_views
from viewpoint100k.check.audits.classifiers import guesses_from_boosting
from viewpoint100k.check.audits.framing import describe_framing
from viewpoint100k.check.labels.definitions import Definition, packaged_definitions
from viewpoint100k.check.labels.judging import judge
from viewpoint100k.geometry.row_cameras import read_pair
from viewpoint100k.geometry.seeding import generator
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.planning import make_build_plan
from viewpoint100k.plan.specs import plan_pairs
from viewpoint100k.views.motions import outline

_OBJECTS = 150
_PAIRS_PER_VISIT = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=24_000)
    parser.add_argument("--step", default="middling", choices=["small", "middling", "large"])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    config = vp.load_config("decoupled", rows=given.rows, seed=given.seed, motions={"step": given.step})
    source = config.open_source()
    clouds = [outline(source.load(name).mesh.points) for name in itertools.islice(source.ids(), _OBJECTS)]
    rows: dict[str, list[tuple[NDArray[np.float64], str, str]]] = defaultdict(list)
    for kind, framings, answer, cloud in _rows(config, clouds, packaged_definitions()):
        rows[kind].append((framings, answer, cloud))
    gains = []
    for kind, some in sorted(rows.items()):
        framings = np.array([one[0] for one in some], dtype=np.float32)
        answers, assets = (np.array([one[place] for one in some]) for place in (1, 2))
        chance = max(Counter(answers.tolist()).values()) / len(answers)
        gain = [
            100 * float((guesses_from_boosting(framings[:, image], answers, assets, 3, 0) == answers).mean() - chance)
            for image in (0, 1)
        ]
        gains += gain
        print(f"{kind:20} {len(some):6,} rows, chance {100 * chance:.1f}, first {gain[0]:+.1f}, second {gain[1]:+.1f}")
    print(f"mean {np.mean(gains):+.1f}, worst {max(gains):+.1f} points")


def _rows(
    config: BuildConfig, clouds: list[NDArray[np.float64]], definitions: Any
) -> Iterator[tuple[str, NDArray[np.float64], str, str]]:
    """Question type, framing of both images (2, 7), answer and object of each planned row about a motion."""
    plan = make_build_plan(config)
    blocks = [block for shard in plan.layout.shards if shard.split == "train" for block in shard.blocks]
    visits = itertools.count()
    for block in blocks:
        moved = [pair for pair in plan_pairs(config, block, plan.templates) if pair.motion is not None]
        for start in range(0, len(moved), _PAIRS_PER_VISIT):
            some, visit = moved[start : start + _PAIRS_PER_VISIT], next(visits)
            cloud = visit % len(clouds)
            rng = generator(config.seed, "framing", visit)
            placed = place_views(clouds[cloud], some, plan.templates, config, rng)
            for spec, views in zip(some, placed.views, strict=True):
                if views is None:
                    continue
                cameras = [_stored(placed.shots[place].camera) for place in views[:2]]
                framings = np.array([describe_framing(camera, (0, 0, 0), 1.0) for camera in cameras])
                for asked in spec.questions:
                    kind = plan.templates[asked.template].question_type
                    answer = _answer(definitions[kind], cameras) if asked.form == "plain" else None
                    if answer is not None:
                        yield kind, framings, answer, str(cloud)


def _stored(camera: vp.Camera) -> dict[str, Any]:
    """A camera as rows store it."""
    pose, intrinsics = camera.camera_to_world.ravel().tolist(), camera.intrinsics.ravel().tolist()
    return {
        "camera_to_world": pose,
        "intrinsics": intrinsics,
        "width": camera.width,
        "height": camera.height,
        "mirrored": False,
    }


def _answer(definition: Definition, cameras: list[dict[str, Any]]) -> str | None:
    """None if the type has no answer from cameras alone, or the pair is in its dead zone."""
    if definition.kind not in ("bins", "combination") or definition.quantities & {"front_azimuth_deg", "own_left"}:
        return None
    row = {"cameras": cameras, "object_center": [0.0, 0.0, 0.0], "object_radius": 1.0}
    row |= {"object_front": None, "answerability": None, "answer_value": None}
    try:
        verdict = judge(definition, read_pair(row, may_be_mirrored=False), ())
    except (ValueError, ArithmeticError):
        return None
    if verdict.margin is None or verdict.margin < verdict.least_margin:
        return None
    return str(verdict.answer)


if __name__ == "__main__":
    main()
