"""Writes chains of thought from the poses, parses them back, and checks every claim against a row's columns.

`write` and `false_claims` share only the phrase table of a language (`english.yaml`, `chinese.yaml`). The writer
measures in camera 1's axes, the checker in the world's axes.
"""

from viewpoint100k.questions.reasoning.check import Judgement, argument_problems, false_claims, judge
from viewpoint100k.questions.reasoning.claim import Claim
from viewpoint100k.questions.reasoning.observe import ReasoningScene
from viewpoint100k.questions.reasoning.parse import claims
from viewpoint100k.questions.reasoning.write import Conclusion, write

__all__ = [
    "Claim",
    "Conclusion",
    "Judgement",
    "ReasoningScene",
    "argument_problems",
    "claims",
    "false_claims",
    "judge",
    "write",
]
