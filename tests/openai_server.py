"""An OpenAI-compatible server in this process for any model of the evaluation. It can return faulty answers."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from recipe.evaluation.models import Model, Prompt

Fault = Callable[[int], tuple[int, dict[str, str], bytes] | None]
"""Takes the number of the request, from 0. Gives (status, headers, body) instead of an answer, or None."""


@dataclass
class Served:
    """The requests that the server received."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    at_once: int = 0
    """The largest number of simultaneous requests."""


@contextmanager
def openai_server(model: Model, fault: Fault = lambda number: None) -> Iterator[Served]:
    """Serves ``model`` at ``POST {url}/chat/completions`` on the loopback address, one prompt at a time."""
    one_at_a_time, counting = threading.Lock(), threading.Lock()
    under_way = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal under_way
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with counting:
                number = len(served.requests)
                served.requests.append(request)
                served.keys.append(self.headers["Authorization"])
                under_way += 1
                served.at_once = max(served.at_once, under_way)
            status, headers, body = fault(number) or (200, {}, self._answer(request))
            with counting:
                under_way -= 1
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _answer(self, request: dict[str, Any]) -> bytes:
            with one_at_a_time:
                (text,) = model.answers([prompt_of(request)])
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            reply = {"id": "1", "object": "chat.completion", "created": 0, "model": request["model"]}
            return json.dumps({**reply, "choices": [choice], "usage": usage}).encode()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def prompt_of(request: dict[str, Any]) -> Prompt:
    """The images and the text of a request with one user turn."""
    (message,) = request["messages"]
    images, texts = [], []
    for block in message["content"]:
        if block["type"] == "image_url":
            _, _, encoded = block["image_url"]["url"].partition("base64,")
            images.append(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
        else:
            texts.append(block["text"])
    return Prompt(images, "\n".join(texts))
