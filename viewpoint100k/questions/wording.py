"""The texts of a template: Jinja2 in a sandbox, cut down to what a wording needs.

A wording may print a variable, add and subtract, choose between two words, and use a few filters. It has no loops,
no calls, no attributes and no imports, so that a template can neither run code, nor read a file, nor take for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["FILTERS", "Wording", "check_wording", "compile_wording", "try_wording"]

Wording = Callable[[Mapping[str, object]], str]

FILTERS = ("abs", "capitalize", "int", "lower", "round", "upper")
"""Jinja filters that a wording may use."""

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Filter, nodes.Tuple, nodes.List),
    *(nodes.Add, nodes.Sub),
)

_REFUSED = {
    nodes.Getattr: "an attribute, as in {{ a.b }},",
    nodes.Getitem: "a part of a value, as in {{ a[0] }},",
    nodes.Call: "a call, as in {{ f() }},",
    nodes.For: "a loop",
    nodes.Include: "an include",
    nodes.Import: "an import",
    nodes.FromImport: "an import",
    nodes.Extends: "an extends",
    nodes.Macro: "a macro",
    nodes.Assign: "a set",
    nodes.Test: "a test, as in {{ a is odd }},",
}
"""What people try that a wording may not do, in words."""

_LONGEST = 5000
"""Characters of one text."""

_REMEMBERED = 1000
"""Texts of one wording that are kept: numbers are shown rounded, so that few are ever written out."""

_COMPILED = 20_000
"""Texts with variables that are kept compiled."""

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, cache_size=0
)


def check_wording(text: str, variables: Collection[str]) -> None:
    """Raises ``ValueError`` where ``text`` uses anything but ``variables`` and what a wording may do."""
    if len(text) > _LONGEST:
        raise ValueError(f"a wording may have {_LONGEST:,} characters, not {len(text):,}")
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        raise ValueError(f"this is not a wording that can be read: {error.message}") from error
    except RecursionError as error:
        raise ValueError("this is not a wording that can be read: it is nested too deeply") from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            what = _REFUSED.get(type(node), type(node).__name__)
            raise ValueError(f"{what} is not allowed in a wording: only variables, + -, if, and {', '.join(FILTERS)}")
        if isinstance(node, nodes.Name) and node.name not in variables:
            known = ", ".join(sorted(variables)) or "none for this kind of answer"
            raise ValueError(f"unknown variable {node.name!r}; known here: {known}")
        if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.args or node.kwargs):
            raise ValueError(
                f"the filter {node.name!r} is not allowed so; allowed, without arguments: {', '.join(FILTERS)}"
            )


def compile_wording(text: str) -> Wording:
    """A function from variables to the text; plain text costs nothing, and little what was written out before."""
    return _compiled(text) if "{" in text else lambda variables: text


@lru_cache(maxsize=_COMPILED)
def _compiled(text: str) -> Wording:
    template = _ENVIRONMENT.from_string(text)
    written = lru_cache(maxsize=_REMEMBERED)(lambda variables: template.render(variables))
    return lambda variables: written(tuple(variables.items()))


def try_wording(text: str, variables: Mapping[str, object]) -> str:
    """The text as it reads with these variables. Raises ``ValueError`` where it cannot be written out."""
    try:
        return compile_wording(text)(variables)
    except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(f"this text cannot be written out: {error}") from error
