"""Reads untrusted JSON: limited in size, streamed if large, with checked types."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.errors import AssetError

__all__ = ["bounded_int", "decode_json", "floats", "integer", "iterate_records", "mapping", "text"]

_PIECE = 1 << 16
_MAX_RECORD = 1 << 20
"""Characters of one record: an annotation has about 1,500."""
_BLANK = " \t\r\n"
_BOUNDARY = re.compile(r",\s*(?=\{)")
"""Between two objects of an array. In an annotation no array but the outermost holds objects."""


def decode_json(data: bytes, name: str) -> Any:
    """The value a JSON text stands for. Raises ``AssetError`` with ``annotations_unreadable``.

    Bytes that are not UTF-8 are read as U+FFFD, and numbers too long to be any as infinity: each costs what it is in.
    """
    try:
        return json.loads(data.decode("utf-8-sig", "replace"), parse_int=bounded_int)
    except (ValueError, RecursionError) as error:
        raise AssetError("annotations_unreadable", f"{name} is not JSON: {_short(error)}") from error


def bounded_int(digits: str) -> int | float:
    """What Python's JSON makes of an integer; infinity for one of more digits than any count has."""
    return int(digits) if len(digits) < 20 else float("inf")


def iterate_records(
    file: BinaryIO, name: str, max_bytes: int, broken: list[str]
) -> Iterator[tuple[dict[str, Any], str]]:
    """The objects in a gzipped JSON array, one by one, each with its text; in constant memory.

    A record that is no object, or no JSON, costs itself: it is put into words in ``broken``, and the next one is looked
    for. Bytes that are not UTF-8 are read as U+FFFD, so that they cost the record that they stand in. Raises
    ``AssetError`` (``annotations_unreadable``, ``annotations_too_large``) where the file is not such an array, or ends
    too early: what a broken download holds of its last record cannot be told.
    """
    try:
        yield from _records(_inflate(file, name, max_bytes), name, broken)
    except (ValueError, RecursionError, zlib.error, OSError) as error:
        raise AssetError("annotations_unreadable", f"{name} cannot be read: {_short(error)}") from error


def _records(pieces: Iterator[str], name: str, broken: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    decoder = json.JSONDecoder(parse_int=bounded_int)
    buffer, at, opened, ended, count = "", 0, False, False, 0
    for piece, is_last in _with_last(pieces):
        buffer, at = buffer[at:] + piece, 0
        while True:
            at = _skip(buffer, at, _BLANK if not opened else _BLANK + ",")
            if at == len(buffer):
                break
            if not opened:
                if buffer[at] != "[":
                    raise ValueError("it does not begin with [")
                opened, at = True, at + 1
                continue
            if ended or buffer[at] == "]":
                if ended or buffer[at + 1 :].strip(_BLANK):
                    raise ValueError("there is more after the last ]")
                ended, at = True, len(buffer)
                break
            try:
                record, end = decoder.raw_decode(buffer, at)
            except (ValueError, RecursionError):
                broken_end = _end_of_broken(buffer, at, is_last)
                if broken_end is None:
                    if len(buffer) - at > _MAX_RECORD:
                        raise
                    break  # The record goes on in the next piece.
                record, end = None, broken_end
            count += 1
            if isinstance(record, dict):
                yield record, buffer[at:end]
            else:
                broken.append(f"{name}: record {count:,} is no JSON object")
            at = end
    if not ended:
        raise ValueError("it ends too early")


def _end_of_broken(buffer: str, at: int, is_last: bool) -> int | None:
    """Where a record that begins at ``at`` and is no JSON ends: before the next object of the array, or before the
    array's end. None where that is not in the buffer yet: the record may then be whole."""
    boundary = _BOUNDARY.search(buffer, at + 1)
    if boundary is not None:
        return boundary.start()
    text = buffer.rstrip(_BLANK)
    return len(text) - 1 if is_last and text.endswith("]") else None


def _with_last(pieces: Iterator[str]) -> Iterator[tuple[str, bool]]:
    """Each piece, and whether it is the last."""
    held: str | None = None
    for piece in pieces:
        if held is not None:
            yield held, False
        held = piece
    if held is not None:
        yield held, True


def _inflate(file: BinaryIO, name: str, max_bytes: int) -> Iterator[str]:
    """The text of a gzip file, piece by piece, never more than a piece ahead."""
    inflater = zlib.decompressobj(wbits=31)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    total = 0
    while not inflater.eof:
        data = inflater.unconsumed_tail or file.read(_PIECE)
        if not data:
            raise ValueError("the compressed data ends too early")
        piece = inflater.decompress(data, 16 * _PIECE)
        total += len(piece)
        if total > max_bytes:
            raise AssetError("annotations_too_large", f"{name} decompresses to more than {max_bytes:,} bytes")
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def mapping(value: Any, what: str) -> dict[str, Any]:
    """``value`` if it is a JSON object. Raises ``ValueError`` naming ``what``, as all below do."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def text(value: Any, what: str) -> str:
    """``value`` if it is a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{what} is not a string")
    value.encode()  # Half of a surrogate pair cannot be stored anywhere: ``UnicodeEncodeError`` is a ``ValueError``.
    return value


def integer(value: Any, what: str, low: int, high: int) -> int:
    """``value`` as a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{what} is not a number from {low} to {high}")
    if value != int(value):
        raise ValueError(f"{what} is not a whole number")
    return int(value)


def floats(value: Any, what: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """``value`` as finite numbers of this shape; ``()`` for a single one."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{what} is not made of numbers") from error
    if array.shape != shape or not np.isfinite(array).all() or isinstance(value, bool | str):
        raise ValueError(f"{what} is not {shape or 'one'} finite number{'s' if shape else ''}")
    return array


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"
