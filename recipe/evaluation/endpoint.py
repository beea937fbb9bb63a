"""A model at an OpenAI-compatible endpoint: chat completions with the images as data URLs."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from recipe.evaluation.models import Prompt
from recipe.prompts import conversation
from viewpoint100k.errors import DataError, MissingExtraError, UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["EndpointModel", "data_url"]


class EndpointModel:
    """A model behind ``url``, such as ``http://localhost:8000/v1``; the key is taken from ``OPENAI_API_KEY``.

    Several requests run at once. After a temporary failure (no connection, a time-out, status 408, 409, 429 or 5xx), a
    request is repeated after a growing pause, or after the time that the server states.

    Args:
        body: extra fields of the request, which replace the default ones; None removes a field.
    """

    def __init__(
        self,
        model: str,
        url: str,
        max_new_tokens: int,
        concurrency: int = 8,
        retries: int = 6,
        timeout_s: float = 600.0,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        try:
            from openai import OpenAI
        except ImportError as error:
            raise MissingExtraError("openai", "train") from error
        self._url, self._concurrency = url, concurrency
        fields = {"model": model, "temperature": 0, "max_tokens": max_new_tokens, **(body or {})}
        self._fields = {name: value for name, value in fields.items() if value is not None}
        # Local servers need no key, but the client requires a non-empty one.
        key = os.environ.get("OPENAI_API_KEY") or "none"
        self._client = OpenAI(base_url=url, api_key=key, max_retries=retries, timeout=timeout_s)

    def answers(self, batch: Sequence[Prompt]) -> list[str]:
        """One answer for each prompt. Raises ``UsageError`` if the server refuses, ``DataError`` if it fails."""
        with ThreadPoolExecutor(self._concurrency) as pool:
            return list(pool.map(self._answer, batch))

    def _answer(self, prompt: Prompt) -> str:
        from openai import APIConnectionError, APIError, APIStatusError

        images = [{"type": "image_url", "image_url": {"url": data_url(image)}} for image in prompt.images]
        first, *others = conversation(prompt.question)
        content = [*images, {"type": "text", "text": first["content"]}]
        request = {"messages": [{"role": "user", "content": content}, *others], **self._fields}
        again = "the answers so far are kept, and the same command goes on from there"
        try:
            reply: Any = self._client.post("/chat/completions", body=request, cast_to=object)
        except APIConnectionError as error:
            raise DataError(f"{self._url} cannot be reached ({error.__cause__ or error}): {again}") from error
        except APIStatusError as error:
            said = " ".join(error.response.text.split())[:300]
            if error.status_code < 500 and error.status_code != 429:
                way_out = "set OPENAI_API_KEY" if error.status_code in (401, 403) else "see --model and --body"
                raise UsageError(f"{self._url} refuses with status {error.status_code} ({said}): {way_out}") from error
            raise DataError(f"{self._url} fails with status {error.status_code} ({said}): {again}") from error
        except APIError as error:
            raise DataError(f"{self._url} fails ({error}): {again}") from error
        try:
            return str(reply["choices"][0]["message"]["content"] or "")
        except (KeyError, IndexError, TypeError) as error:
            raise DataError(
                f"{self._url} gave no chat completion ({str(reply)[:200]}): is it an OpenAI endpoint?"
            ) from error


def data_url(image: Image) -> str:
    """The image as a lossless PNG in a ``data:`` URL."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
