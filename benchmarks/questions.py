"""How fast questions are asked, without any rendering, and whether memory stays flat.

Every question type of the package is asked in turn, three questions a pair as in the config ``decoupled``, of pairs
that are made up beforehand; each time anew, so that nothing is known of a pair that was not worked out for it.

    python -m benchmarks.questions [--questions 1000000] [--processes 2]

Prints JSON: questions a minute by the clock, and by the time that each process was on a core, which is what counts
where other work shares the cores; and of each process its memory (MiB) after a tenth of its questions and at the end,
and the three types that it asked least.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from viewpoint100k.questions import Question, ask, load_template, template_names
from viewpoint100k.questions.trials import trial_pairs
from viewpoint100k.views.pairs import Pair

_PAIRS = 200
"""Made up for each type."""

_QUESTIONS_PER_PAIR = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=1_000_000, help="in all")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    share = -(-options.questions // options.processes)
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        results = pool.starmap(measure, [(share, seed) for seed in range(options.processes)])
    asked = sum(counts.total() for _, counts, _ in results)
    seconds, cpu_seconds = (max(times[kind] for times, _, _ in results) for kind in (0, 1))
    each = [
        {
            "mib_after_a_tenth": round(early, 1),
            "mib_at_the_end": round(late, 1),
            "rarest_types": dict(counts.most_common()[-3:]),
        }
        for _, counts, (early, late) in results
    ]
    result = {
        "questions": asked,
        "processes": options.processes,
        "seconds": round(seconds, 1),
        "questions_a_minute": round(60 * asked / seconds),
        "cpu_seconds_of_the_busiest": round(cpu_seconds, 1),
        "questions_a_minute_alone": round(60 * asked / cpu_seconds),
        "each": each,
    }
    print(json.dumps(result, indent=2))


def measure(questions: int, seed: int) -> tuple[tuple[float, float], Counter[str], tuple[float, float]]:
    """Seconds by the clock and on a core, questions by type, and memory (MiB) after a tenth of them and at the end."""
    rng = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    templates = [load_template(name) for name in template_names()]
    turns = itertools.cycle([(template, _again(list(trial_pairs(template, _PAIRS, rng)))) for template in templates])
    memory, asked, early = 0.0, 0, questions // 10
    start, began = time.perf_counter(), time.process_time()
    while asked < questions:
        template, pairs = next(turns)
        pair = next(pairs)
        for _ in range(_QUESTIONS_PER_PAIR):
            if isinstance(ask(template, pair, asked % max(1, template.options), rng), Question):
                counts[template.question_type] += 1
                asked += 1
        if not memory and asked >= early:
            memory = _resident_mib()
    return (time.perf_counter() - start, time.process_time() - began), counts, (memory, _resident_mib())


def _again(pairs: list[Pair]) -> Iterator[Pair]:
    """The pairs over and over, each time as one of which nothing has been worked out."""
    while True:
        for pair in pairs:
            yield replace(pair)


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
