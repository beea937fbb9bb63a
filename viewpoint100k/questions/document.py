"""A template file as a document: what it says, and on which line it says so.

It is plain data and nothing else: tags that would build objects are refused, and so are aliases that unfold into more
than a person writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

__all__ = ["Document", "Flaw", "Path", "read_document"]

Path = tuple[str | int, ...]
"""Keys and list places from the top of the file down to a value."""

_PREFIX = "tag:yaml.org,2002:"
_PLAIN = frozenset(_PREFIX + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp"))

_KINDS = {"bool": "a truth value", "int": "a number", "float": "a number", "null": "nothing", "timestamp": "a date"}

_MOST_VALUES = 20_000
"""Values in one file, every alias unfolded: some hundred times what a question type needs."""

_DEEPEST = 12


@dataclass(frozen=True)
class Flaw:
    """Something for which a file cannot be read as plain data."""

    line: int
    """Counted from 1."""
    sentence: str


@dataclass(frozen=True)
class Document:
    """What a file says. ``content`` is None where it has flaws."""

    content: object
    lines: Mapping[Path, int] = field(default_factory=dict)
    flaws: tuple[Flaw, ...] = ()

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it that the file has; counted from 1."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(text: str) -> Document:
    """Reads a YAML file's text; what is wrong with it is in the flaws."""
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = " ".join(part for part in (error.context, error.problem) if part)
        return Document(None, flaws=(Flaw(mark.line + 1 if mark else 1, f"this is not valid YAML: {why}"),))
    except yaml.YAMLError as error:
        return Document(None, flaws=(Flaw(1, f"this is not valid YAML: {' '.join(str(error).split())}"),))
    except RecursionError:
        return Document(None, flaws=(Flaw(1, "this is nested too deeply to be a template"),))
    if root is None:
        return Document({}, {(): 1})
    lines: dict[Path, int] = {}
    flaws = tuple(_walk(root, lines))
    if flaws:
        return Document(None, lines, flaws)
    try:
        return Document(loader.construct_document(root), lines)
    except (yaml.YAMLError, ValueError) as error:  # Such as a date that does not exist.
        why = " ".join(str(error).split())
        return Document(None, lines, (Flaw(1, f"a value cannot be read ({why}): write texts in quotes"),))


def _walk(root: yaml.Node, lines: dict[Path, int]) -> Iterator[Flaw]:
    """Enters the line of every value, and yields what may not be there."""
    waiting: list[tuple[yaml.Node, Path, int]] = [(root, (), root.start_mark.line + 1)]
    while waiting:
        node, path, line = waiting.pop()
        lines[path] = line
        if len(lines) > _MOST_VALUES:
            yield Flaw(line, f"aliases make this file unfold into more than {_MOST_VALUES:,} values: write them out")
            return
        if len(path) > _DEEPEST:
            yield Flaw(line, "this is nested too deeply to be a template")
            return
        if node.tag not in _PLAIN:
            tag = node.tag.replace(_PREFIX, "!!")
            yield Flaw(line, f"the tag {tag} is not allowed: a template is plain data, so take the tag away")
        elif isinstance(node, yaml.MappingNode):
            yield from _keys(node, path, waiting)
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, (*path, place), item.start_mark.line + 1) for place, item in enumerate(node.value)]


def _keys(node: yaml.MappingNode, path: Path, waiting: list[tuple[yaml.Node, Path, int]]) -> Iterator[Flaw]:
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag not in _PLAIN:
            yield Flaw(line, "a key must be a plain word")
        elif key.tag != _PREFIX + "str":
            kind = _KINDS.get(key.tag.removeprefix(_PREFIX), "something else")
            yield Flaw(line, f"YAML reads the key {key.value} as {kind}, not as a word: write it in quotes")
        elif key.value in seen:
            yield Flaw(line, f"the key {key.value} is there twice, first on line {seen[key.value]}: take one away")
        else:
            seen[key.value] = line
            waiting.append((value, (*path, key.value), line))
