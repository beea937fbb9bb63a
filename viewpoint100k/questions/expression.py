"""Small arithmetic over pose quantities, as a template may write it: ``translation_x / distance``. Nothing is executed.

The text is parsed by Python's own parser and read node by node; what is not a number, a known name, one of ``+ - * /``
or one of `FUNCTIONS` is refused.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce

from viewpoint100k.geometry import exact

__all__ = ["FUNCTIONS", "Expression", "parse_expression"]


def _hypot(*numbers: float) -> float:
    return reduce(exact.hypot, numbers)


FUNCTIONS: Mapping[str, Callable[..., float]] = {"abs": abs, "min": min, "max": max, "hypot": _hypot}
"""What an expression may call: ``abs`` with one number, the others with two or more."""

_PLAIN_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_LONGEST = 200
"""Characters: an expression is one line that a person reads."""

Lookup = Callable[[str], float]


@dataclass(frozen=True)
class Expression:
    """A parsed expression."""

    text: str
    names: tuple[str, ...]
    """Quantities that occur in it, in order of their first appearance."""
    of: Callable[[Lookup], float]
    """Its value, given a function from a quantity's name to its value; raises ``ZeroDivisionError``."""


def parse_expression(text: str, known: Collection[str]) -> Expression:
    """Reads ``text``, whose names must be among ``known``.

    Raises ``ValueError`` with a sentence that says what is not allowed, and what is.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"an expression may have {_LONGEST} characters, not {len(text)}")
    for word in re.findall(r"(?<![A-Za-z_.])[\d.][\w.]*(?:(?<=[eE])[+-]\d+)?", text):
        if not _PLAIN_NUMBER.fullmatch(word):
            raise ValueError(f"{word!r} is not a plain number such as 2 or 0.5")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text!r} is not an expression such as translation_x / distance") from error
    names: dict[str, None] = {}
    compiled = _compile(tree, known, names)
    return Expression(text, tuple(names), compiled)


def _compile(node: ast.expr, known: Collection[str], names: dict[str, None]) -> Callable[[Lookup], float]:
    """A closure for one node; every name met is added to ``names``."""
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number) if math.isfinite(number):
            return lambda lookup: float(number)
        case ast.Name(id=name):
            if name not in known:
                raise ValueError(f"unknown quantity {name!r}; known: {', '.join(sorted(known))}")
            names[name] = None
            return lambda lookup: lookup(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            negated = _compile(inner, known, names)
            return lambda lookup: -negated(lookup)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            apply, one, two = _OPERATORS[type(op)], _compile(left, known, names), _compile(right, known, names)
            return lambda lookup: apply(one(lookup), two(lookup))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS and arguments:
            if (len(arguments) == 1) != (name == "abs"):
                raise ValueError(f"{name}() takes {'one number' if name == 'abs' else 'two numbers or more'}")
            call, parts = FUNCTIONS[name], [_compile(argument, known, names) for argument in arguments]
            return lambda lookup: float(call(*(part(lookup) for part in parts)))
    written = ast.unparse(node)
    raise ValueError(f"{written!r} is not allowed: only quantities, numbers, + - * / and {', '.join(FUNCTIONS)}()")
