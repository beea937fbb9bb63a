"""A small Objaverse for tests: files in the Hub's layout, and a loopback server that can fail on demand."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import trimesh

__all__ = ["Fault", "Hub", "HubServer", "glb_of_a_box", "make_hub", "serve", "uid_of"]

V1 = "datasets/allenai/objaverse/resolve/main"
XL = "datasets/allenai/objaverse-xl/resolve/main"
LICENSES = ["by", "cc0", "by-nc", "by-sa", "by-nc-sa"]
CATEGORIES = ["mug", "chair", "Christmas_tree"]


def uid_of(number: int) -> str:
    return hashlib.md5(f"object {number}".encode()).hexdigest()


def glb_of_a_box(number: int = 0) -> bytes:
    """A box with its own side lengths. It has enough vertices for its file to arrive in several pieces."""
    box = trimesh.creation.box(extents=(1.0, 1.0 + 0.1 * number, 2.0))
    return bytes(box.subdivide().subdivide().export(file_type="glb"))


@dataclass
class Hub:
    """A folder that a server presents as the Hub."""

    root: Path
    uids: list[str]
    glbs: dict[str, bytes]
    paths: dict[str, str]
    """In the data set, by uid."""

    def put(self, relative: str, data: bytes) -> None:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def url_path(self, uid: str) -> str:
        return f"/{V1}/{self.paths[uid]}"


def annotation(number: int, size: int) -> dict[str, Any]:
    """As Sketchfab's API words them, and as Objaverse keeps them; see its tutorial for Objaverse 1.0."""
    uid = uid_of(number)
    return {
        "uri": f"https://api.sketchfab.com/v3/models/{uid}",
        "uid": uid,
        "name": f"  Object\n number {number} ",
        "viewerUrl": f"https://sketchfab.com/3d-models/{uid}",
        "user": {"uid": "u", "username": f"user{number}", "displayName": f"Author Ünïcode {number}"},
        "license": LICENSES[number % len(LICENSES)],
        "archives": {"glb": {"size": size, "faceCount": 192}},
        "tags": [],
    }


def make_hub(root: Path, count: int = 10) -> Hub:
    """``count`` objects in two folders. Licences alternate as in ``LICENSES``. Object 9 has no annotation."""
    uids = [uid_of(number) for number in range(count)]
    paths = {uid: f"glbs/000-{number % 2:03d}/{uid}.glb" for number, uid in enumerate(uids)}
    glbs = {uid: glb_of_a_box(number) for number, uid in enumerate(uids)}
    hub = Hub(root, uids, glbs, paths)
    for folder in (0, 1):
        entries = {uids[n]: annotation(n, len(glbs[uids[n]])) for n in range(folder, count, 2) if n != 9}
        hub.put(f"{V1}/metadata/000-{folder:03d}.json.gz", zipped(entries))
    lvis = {category: [uids[n] for n in range(place, count, 4)] for place, category in enumerate(CATEGORIES)}
    hub.put(f"{V1}/lvis-annotations.json.gz", zipped(lvis))
    hub.put(f"{V1}/object-paths.json.gz", zipped(paths))
    for uid, path in paths.items():
        hub.put(f"{V1}/{path}", glbs[uid])
    return hub


def zipped(content: object) -> bytes:
    return gzip.compress(json.dumps(content).encode())


def put_parquet(hub: Hub, part: str, rows: list[dict[str, Any]]) -> None:
    """Annotations of a part of Objaverse-XL."""
    path = hub.root / XL / part / f"{part}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def xl_row(identifier: str, source: str, data: bytes, license: str | None, file_type: str = "glb") -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    return {
        "fileIdentifier": identifier,
        "source": source,
        "license": license,
        "fileType": file_type,
        "sha256": sha256,
        "metadata": "{}",
    }


@dataclass
class Fault:
    """A fault for the next ``times`` requests of a path."""

    kind: str
    """``status``, ``reset``, ``truncate`` (an honest length, a short body), ``lie`` (a short length and body),
    ``garbage``, ``hang`` or ``slow``."""
    times: int = 1
    status: int = 503
    after: int = 1000
    """Bytes that are sent before the fault."""


@dataclass
class HubServer:
    endpoint: str
    faults: dict[str, Fault] = field(default_factory=dict)
    """By the path of the request."""
    requests: Counter[str] = field(default_factory=Counter)
    ranges: list[str] = field(default_factory=list)
    """Ranges of the requests for a part of a file."""
    busiest: int = 0
    """Most requests that waited for their answer at one time."""
    now: int = 0
    """Requests that wait. One stops waiting before its answer is sent: a client that has the answer may ask again
    before the thread that sent it runs on."""
    delay_s: float = 0.0
    together: int = 0
    """The first so many requests wait for one another, so that they are under way at one time."""
    gathered: threading.Event = field(default_factory=threading.Event)
    honours_ranges: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_of(self, path: str) -> Fault | None:
        with self.lock:
            fault = self.faults.get(path)
            if fault is None or fault.times == 0:
                return None
            fault.times -= 1
            return fault


class _Handler(BaseHTTPRequestHandler):
    """Answers with the files below ``root``, and with the faults of ``hub``."""

    hub: HubServer
    root: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with self.hub.lock:
            self.hub.requests[self.path] += 1
            self.hub.now += 1
            self.hub.busiest = max(self.hub.busiest, self.hub.now)
            if self.hub.requests.total() >= self.hub.together:
                self.hub.gathered.set()
        self.hub.gathered.wait(60)
        time.sleep(self.hub.delay_s)
        with self.hub.lock:
            self.hub.now -= 1
        self.answer()

    def answer(self) -> None:
        fault = self.hub.fault_of(self.path)
        path = self.root / self.path.lstrip("/")
        if fault and fault.kind == "status":
            return self.refuse(fault.status)
        if not path.is_file():
            return self.refuse(404)
        data = path.read_bytes()
        whole = len(data)
        start = 0
        if (wanted := self.headers.get("Range")) and self.hub.honours_ranges:
            self.hub.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= whole:
                return self.refuse(416)
        body = data[start:]
        if fault and fault.kind == "garbage":
            body = bytes(np.random.default_rng(0).integers(0, 256, len(body), dtype=np.uint8))
        if fault and fault.kind == "lie":
            body = body[: fault.after]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        self.end_headers()
        self.send_body(body, fault)

    def send_body(self, body: bytes, fault: Fault | None) -> None:
        if fault is None or fault.kind in ("garbage", "lie"):
            self.wfile.write(body)
            return
        self.wfile.write(body[: fault.after])
        self.wfile.flush()
        if fault.kind == "hang":
            time.sleep(5)
        if fault.kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serve(root: Path) -> Iterator[HubServer]:
    """Serves ``root`` on the loopback interface."""
    server = HubServer("")
    handler = type("Handler", (_Handler,), {"hub": server, "root": root})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.endpoint = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
