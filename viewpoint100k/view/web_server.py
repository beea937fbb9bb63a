"""Serves the viewer's page and its data over HTTP, with the standard library."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jinja2 import Environment, StrictUndefined

from viewpoint100k.errors import UsageError, ViewpointError
from viewpoint100k.view.row_table import Filter
from viewpoint100k.view.scene_server import KEYS
from viewpoint100k.view.viewer import Viewer

__all__ = ["WebServer"]

_WAIT_S = 20.0
"""Longest time for which a request waits for another row. The page then asks again."""
_FILES = {"/view.js": "text/javascript", "/view.css": "text/css"}


class WebServer:
    """Serves one viewer in a thread of its own. Close it after use."""

    def __init__(self, viewer: Viewer, host: str, port: int) -> None:
        """Starts the server. Raises ``UsageError`` if the port is not available."""

        class Handler(_Handler):
            pass

        Handler.viewer, Handler.host = viewer, host
        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise UsageError(f"port {port} of {host} is not free ({error.strerror}): give another --port") from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever, name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops the server."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    viewer: Viewer
    host: str
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, respond: Any) -> None:
        """Calls ``respond`` with the path and the query. Sends an error as one sentence."""
        parts = urlsplit(self.path)
        try:
            if not _is_local_name(self.headers.get("Host", ""), self.host):
                # A foreign page whose host name resolves to this machine must not read the rows (DNS rebinding).
                self._send(HTTPStatus.FORBIDDEN, "text/plain", b"unknown host name")
                return
            respond(unquote(parts.path), dict(parse_qsl(parts.query)))
        except ViewpointError as error:
            self._send_json({"error": str(error)}, HTTPStatus.NOT_FOUND)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _get(self, path: str, query: Mapping[str, str]) -> None:
        if path in _FILES:
            self._send(HTTPStatus.OK, _FILES[path], _part(path.removeprefix("/")).encode())
        elif path == "/" or path.startswith("/row/"):
            self._send(HTTPStatus.OK, "text/html", self._page())
        elif path == "/api/facets":
            self._send_json(self.viewer.facets())
        elif path == "/api/wait":
            shown = query.get("shown", "")
            self._send_json(self.viewer.wait_for_another(int(shown) if shown.isdigit() else -1, _WAIT_S))
        elif path.startswith("/image/") and (image := self._image(path)) is not None:
            self._send(HTTPStatus.OK, "image/jpeg", image)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"not found")

    def _post(self, path: str, query: Mapping[str, str]) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/api/show":
            self._send_json(self.viewer.show(query.get("id", ""), Filter.of(query)))
        elif path == "/api/step":
            self._send_json(self.viewer.step(-1 if query.get("by") == "-1" else 1, Filter.of(query)))
        elif path == "/api/look" and query.get("from") in KEYS.values():
            self.viewer.scene_server.look_from(query["from"])
            self._send_json({})
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"not found")

    def _image(self, path: str) -> bytes | None:
        _, _, row_id, number = path.split("/", 3)
        return self.viewer.image(row_id, int(number)) if number.isdigit() else None

    def _page(self) -> bytes:
        environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
        page = environment.from_string(_part("view.html.jinja"))
        return page.render(name=self.viewer.rows.name, scene_port=self.viewer.scene_server.port).encode()

    def _send_json(self, content: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind if kind.startswith("image/") else f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
            f"frame-src http://*:{self.viewer.scene_server.port}; base-uri 'none'; form-action 'none'",
        )
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing, because a line for each image would hide the command's own messages."""


def _is_local_name(header: str, host: str) -> bool:
    """Returns True if the request names this machine by an IP address, as localhost, or by the given name."""
    name = urlsplit(f"//{header}").hostname or ""
    if name in ("localhost", host):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _part(name: str) -> str:
    return (resources.files("viewpoint100k.view") / name).read_text(encoding="utf-8")
