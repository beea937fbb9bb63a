"""The Hub's HTTP server: reads requests, applies faults, and answers by the routes."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local_hub.faults import Fault, Moment
from local_hub.repository import Refused, Repository
from local_hub.routes import Answer, Request, find_route

__all__ = ["TOKEN", "LocalHub", "serve_hub"]

TOKEN = "hf_theOneTokenThatIsValidAtFirst"
_NEED_NO_TOKEN = ("lfs_put", "lfs_part", "lfs_complete")
"""Their addresses are signed."""
_READ = ("info", "tree", "refs", "paths_info", "resolve")
"""Open to everyone if the repository is public."""


@dataclass
class LocalHub:
    """The content of the Hub and its planned faults."""

    endpoint: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    faults: list[Fault] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    page_size: int = 3
    """Entries on one page of a listing. The real Hub has longer pages. Clients may forget the later ones there too."""
    part_size: int | None = None
    """Larger files are uploaded in parts of this number of bytes."""
    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)
    served: list[str] = field(default_factory=list)
    """The route of every request, in order."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)

    def repository(self, name: str) -> Repository:
        if name not in self.repositories:
            raise Refused(404, "RepoNotFound", "Repository not found")
        return self.repositories[name]

    def strike(self, route: str) -> Fault | None:
        """The fault that applies to this request."""
        with self.lock:
            return next((fault for fault in self.faults if fault.strikes(route)), None)

    def wait_for_test(self, route: str, when: str) -> None:
        for moment in list(self.moments):
            moment.wait_for_test(route, when)

    def check_token(self, route: str, request: Request, repo: str | None) -> None:
        """Raises ``Refused`` if the request's token does not permit it."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if route in _NEED_NO_TOKEN or token in self.tokens:
            return
        if token:
            raise Refused(401, "", "Invalid credentials in Authorization header")
        known = self.repositories.get(repo or "")
        if route not in _READ or known is None or known.private:
            raise Refused(401, "RepoNotFound" if route in _READ else "", "Repository not found")

    def answer(self, request: Request) -> Answer:
        """The answer to a request without a fault."""
        route, handler, named = find_route(request.method, request.path)
        self.check_token(route, request, named.get("repo"))
        self.wait_for_test(route, "before")
        with self.lock:
            answer = handler(self, request, **named)
        self.wait_for_test(route, "after")
        return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: LocalHub

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _serve(self) -> None:
        with contextlib.suppress(ConnectionError):  # The client was killed.
            address = urlsplit(self.path)
            route = self._route(address.path)
            self.hub.served.append(route)
            fault = self.hub.strike(route)
            if fault is not None and fault.kind == "reset":
                self.rfile.read(min(fault.after, int(self.headers.get("Content-Length", 0)) // 2))
                return self._reset()
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, address.path, parse_qs(address.query), headers, self._body())
            if fault is not None and (refusal := self._meet(fault)) is not None:
                return self._send(refusal)
            answer = self._answered(request)
            if fault is not None:
                return self._reset()
            self._send(answer)

    def _route(self, path: str) -> str:
        try:
            return find_route(self.command, path)[0]
        except Refused:
            return f"unknown: {self.command} {path}"

    def _meet(self, fault: Fault) -> Answer | None:
        """The refusal for a fault; None if the request is carried out and its answer is lost."""
        match fault.kind:
            case "status":
                headers = {"Retry-After": "0"} if fault.status == 429 else {}
                return Answer.of({"error": "a fault on demand"}, fault.status, **headers)
            case "expire":
                self.hub.tokens.clear()
                return _refusal(Refused(401, "", "Invalid credentials in Authorization header"))
            case "hang":
                self.hub.closing.wait(120)
                raise ConnectionResetError
        return None

    def _answered(self, request: Request) -> Answer:
        try:
            return self.hub.answer(request)
        except Refused as refused:
            return _refusal(refused)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _reset(self) -> None:
        """Resets the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _refusal(refused: Refused) -> Answer:
    body = json.dumps({"error": str(refused)}).encode()
    return Answer(refused.status, body, {"X-Error-Code": refused.code, "X-Error-Message": str(refused)})


@contextmanager
def serve_hub() -> Iterator[LocalHub]:
    """An empty Hub on the loopback interface."""
    hub = LocalHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listener.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        for moment in hub.moments:
            moment.go_on.set()
        listener.shutdown()
        listener.server_close()
