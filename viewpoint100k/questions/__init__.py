"""Question types: YAML templates, the quantities that they may measure, and their application to a pair."""

from viewpoint100k.questions.ask import Question, Refusal, ask
from viewpoint100k.questions.files import load_template, parse_template, template_names
from viewpoint100k.questions.quantities import QUANTITIES, Quantity
from viewpoint100k.questions.template import Paraphrase, Template

__all__ = [
    "QUANTITIES",
    "Paraphrase",
    "Quantity",
    "Question",
    "Refusal",
    "Template",
    "ask",
    "load_template",
    "parse_template",
    "template_names",
]
