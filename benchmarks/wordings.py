"""How varied questions and chains of thought are, counted without any rendering.

Questions of a named config are asked of pairs that are made up, in the shares that the config gives its types, and a
chain of thought is written for each where its type may carry one. Of each type: the distinct wordings of the question
(without options and reply), how often the most frequent one comes, and how many the type has; the distinct skeletons of
its thoughts, which are texts without their directions, numbers, quotations and names of images; and how many thoughts
are false, or not sound as an argument.

    python -m benchmarks.wordings [--config viewpoint-100k] [--rows 10000] [--language en]

Prints JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from viewpoint100k.dataset.schema import camera_struct
from viewpoint100k.plan.config import load_config, named_configs
from viewpoint100k.questions import Question, Template, ask, load_template
from viewpoint100k.questions.reasoning import Conclusion, ReasoningScene, argument_problems, write
from viewpoint100k.questions.trials import trial_pairs
from viewpoint100k.views.pairs import Pair

_PAIRS = 500
"""Made up for each type at a time."""

_VARIABLE = re.compile(
    r"\b(left|right|up|down|upper|lower|above|below|higher|upwards|downwards|raised|lowered|larger|smaller|closer|nearer"
    r"|farther|away|more|less|clockwise|counter-clockwise|forwards|backwards|top|bottom|front|back|steeper|flatter"
    r"|(?:the (?:first|second|before|after) )?(?:image|picture|photo|view)(?: \d)?)\b|\d+(\.\d+)?|“[^”]*”"
    r"|(?<=option )[A-Z]\b|(?<=choose )[A-Z]\b|(?<=is )[A-Z]\b"
)


@dataclass
class _Counts:
    """What has been counted of one type."""

    stems: Counter[str] = field(default_factory=Counter)
    skeletons: Counter[str] = field(default_factory=Counter)
    words: list[int] = field(default_factory=list)
    without_thought: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    def summary(self, template: Template, language: str) -> dict[str, object]:
        questions = self.stems.total()
        known = template.languages.get(language) or template.languages["en"]
        return {
            "questions": questions,
            "stems": len(self.stems),
            "of": known.stem_count,
            "most_frequent_percent": round(100 * max(self.stems.values()) / questions, 2),
            "thoughts": len(self.words),
            "without_thought": self.without_thought,
            "skeletons": len(self.skeletons),
            "words": [int(n) for n in np.percentile(self.words, [0, 50, 100])] if self.words else [],
            "problems": dict(self.problems),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", choices=named_configs(), default="viewpoint-100k")
    parser.add_argument("--rows", type=int, default=10_000, help="questions in all")
    parser.add_argument("--language", default="en")
    options = parser.parse_args()
    shares = load_config(options.config).questions
    total = sum(shares.values())
    result = {
        name: _counted(load_template(name), round(options.rows * share / total), options.language)
        for name, share in sorted(shares.items())
    }
    print(json.dumps(result, indent=2, ensure_ascii=False))


def _counted(template: Template, rows: int, language: str) -> dict[str, object]:
    rng, counts = np.random.default_rng(0), _Counts()
    asked = ((pair, q) for pair, q in _questions(template, language, rng) if isinstance(q, Question))
    for place, (pair, question) in enumerate(itertools.islice(asked, rows)):
        counts.stems[question.text.partition("\n")[0]] += 1
        if template.reasoning and language == "en":
            _think(template, pair, question, counts, np.random.default_rng([1, place]))
    return counts.summary(template, language)


def _questions(template: Template, language: str, rng: np.random.Generator) -> Iterator[tuple[Pair, object]]:
    turn = itertools.count()
    while True:
        for pair in trial_pairs(template, _PAIRS, rng):
            yield pair, ask(template, pair, next(turn) % max(1, template.options), rng, language)


def _think(template: Template, pair: Pair, question: Question, counts: _Counts, rng: np.random.Generator) -> None:
    conclusion = Conclusion(
        question.answer,
        question.answer_text,
        template.quantity,
        template.question_type,
        question.options,
        question.text,
    )
    scene = ReasoningScene(pair.cameras, pair.center, pair.radius, pair.front, background=False)
    text = write(scene, conclusion, rng)
    if text is None:
        counts.without_thought += 1
        return
    counts.words.append(len(text.split()))
    counts.skeletons[_VARIABLE.sub("_", text)] += 1
    counts.problems.update(
        problem.rpartition("”")[2].strip() for problem in argument_problems(text, _row(pair, question))
    )


def _row(pair: Pair, question: Question) -> Mapping[str, Any]:
    return {
        "cameras": [camera_struct(camera) for camera in pair.cameras],
        "object_center": pair.center.tolist(),
        "object_radius": pair.radius,
        "object_front": None if pair.front is None else pair.front.tolist(),
        "options": list(question.options),
        "answer": question.answer,
        "answer_text": question.answer_text,
    }


if __name__ == "__main__":
    main()
