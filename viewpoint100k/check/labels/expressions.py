"""Evaluates arithmetic over quantities, as a template writes it, by recursive descent.

The builder uses Python's parser for the same text; this module parses it independently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from viewpoint100k.check.labels.measures import MEASURES
from viewpoint100k.geometry.row_cameras import StoredPair

__all__ = ["evaluate"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[-+*/(),]))"
)
_FUNCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "abs": lambda numbers: abs(_alone(numbers)),
    "min": min,
    "max": max,
    "hypot": lambda numbers: math.hypot(*numbers),
}
_LONGEST = 200
"""Largest number of characters, as for templates; it also bounds the depth of recursion."""


def evaluate(expression: str, pair: StoredPair) -> float:
    """The value of ``expression`` for ``pair``.

    Raises ``ValueError`` if it cannot be parsed, has an unknown name, or is undefined for these cameras.
    """
    if expression in MEASURES:
        return _finite(MEASURES[expression](pair), expression)
    reader = _Reader(expression, pair)
    value = reader.sum()
    reader.end()
    return _finite(value, expression)


def _finite(value: float, expression: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"the quantity {expression!r} is not finite")
    return value


def _alone(numbers: list[float]) -> float:
    if len(numbers) != 1:
        raise ValueError(f"abs() is given {len(numbers)} numbers, and takes one")
    return numbers[0]


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str, pair: StoredPair) -> None:
        self._text, self._pair = text, pair
        self._tokens = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _TOKEN.finditer(text)]
        whole = "".join(token for _, token in self._tokens) == re.sub(r"\s+", "", text)
        if not whole or len(text) > _LONGEST:
            raise self._unreadable()

    def sum(self) -> float:
        """Reads a sum of products as far as it extends."""
        value = self._product()
        while self._next() in ("+", "-"):
            value += self._product() if self._take()[1] == "+" else -self._product()
        return value

    def end(self) -> None:
        """Raises ``ValueError`` if any text is left."""
        if self._tokens:
            raise self._unreadable()

    def _product(self) -> float:
        value = self._factor()
        while self._next() in ("*", "/"):
            if self._take()[1] == "*":
                value *= self._factor()
            elif divisor := self._factor():
                value /= divisor
            else:
                raise ValueError(f"the quantity {self._text!r} divides by zero")
        return value

    def _factor(self) -> float:
        kind, token = self._take()
        if kind == "number":
            return float(token)
        if token == "-":
            return -self._factor()
        if token == "(":
            value = self.sum()
            self._expect(")")
            return value
        if kind == "name" and self._next() == "(":
            return self._called(token)
        if kind == "name" and token in MEASURES:
            return MEASURES[token](self._pair)
        raise ValueError(f"{token!r} is not a quantity that is known")

    def _called(self, name: str) -> float:
        if name not in _FUNCTIONS:
            raise ValueError(f"{name}() is not one of the functions {', '.join(_FUNCTIONS)}")
        self._expect("(")
        numbers = [self.sum()]
        while self._next() == ",":
            self._take()
            numbers.append(self.sum())
        self._expect(")")
        return float(_FUNCTIONS[name](numbers))

    def _next(self) -> str:
        return self._tokens[0][1] if self._tokens else ""

    def _take(self) -> tuple[str, str]:
        if not self._tokens:
            raise self._unreadable()
        return self._tokens.pop(0)

    def _expect(self, sign: str) -> None:
        if self._take()[1] != sign:
            raise self._unreadable()

    def _unreadable(self) -> ValueError:
        return ValueError(f"the quantity {self._text!r} cannot be read")
