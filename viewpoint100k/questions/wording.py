"""The texts of a template: Jinja2 in a sandbox, cut down to what a wording needs.

A wording may print a variable, add and subtract, choose between two words, and use a few filters. It has no loops,
no calls, no attributes and no imports, so that a template can neither run code, nor read a file, nor take for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["FILTERS", "Wording", "check_wording", "compile_wording"]

Wording = Callable[[Mapping[str, object]], str]

FILTERS = ("abs", "capitalize", "int", "lower", "round", "upper")
"""Jinja filters that a wording may use."""

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Filter, nodes.Tuple, nodes.List),
    *(nodes.Add, nodes.Sub),
)

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, cache_size=0
)


def check_wording(text: str, variables: Collection[str]) -> None:
    """Raises ``ValueError`` where ``text`` uses anything but ``variables`` and what a wording may do."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        raise ValueError(f"this is not a wording that can be read: {error.message}") from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__
            raise ValueError(f"{kind} is not allowed in a wording: only variables, + -, if, and {', '.join(FILTERS)}")
        if isinstance(node, nodes.Name) and node.name not in variables:
            known = ", ".join(sorted(variables)) or "none for this kind of answer"
            raise ValueError(f"unknown variable {node.name!r}; known here: {known}")
        if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.args or node.kwargs):
            raise ValueError(
                f"the filter {node.name!r} is not allowed so; allowed, without arguments: {', '.join(FILTERS)}"
            )


@cache
def compile_wording(text: str) -> Wording:
    """A function from variables to the text; plain text costs nothing."""
    if "{" not in text:
        return lambda variables: text
    template = _ENVIRONMENT.from_string(text)
    return lambda variables: template.render(variables)
