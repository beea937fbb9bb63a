"""How long it takes to look for near duplicates among many descriptors, spread out or crowded about the limit.

    python -m benchmarks.descriptors [--count 100000]

Prints JSON: CPU seconds and the number of groups for each kind of crowd.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from viewpoint100k.assets.descriptors import Descriptor
from viewpoint100k.assets.near_duplicates import near_duplicates

_CROWDS = {"spread": None, "close": 0.001, "at the limit": 0.002, "a little beyond": 0.0028, "beyond": 0.004}
"""Standard deviation of each number of a shape; pairs lie at about 7.5 times as much. The limit is 0.015."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    count = parser.parse_args().count
    color = np.eye(64, dtype=np.float32)[0]
    measured = {}
    for name, sigma in _CROWDS.items():
        rng = np.random.default_rng(0)
        shapes = rng.uniform(0, 0.4, (count, 28)) if sigma is None else rng.normal(0.2, sigma, (count, 28))
        descriptors = {str(i): Descriptor(shape, color) for i, shape in enumerate(shapes.astype(np.float32))}
        start = time.process_time()
        groups = near_duplicates(descriptors)
        measured[name] = {"cpu_s": round(time.process_time() - start, 2), "groups": len(groups)}
    print(json.dumps({"count": count, "crowds": measured}, indent=2))


if __name__ == "__main__":
    main()
