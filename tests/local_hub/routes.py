"""The Hub's routes for publishing and loading a data set. Each route is a function of a request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlencode

from local_hub.repository import Blob, Commit, Refused, Repository

if TYPE_CHECKING:
    from local_hub.server import LocalHub

__all__ = ["ROUTES", "Answer", "Request", "find_route"]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Any, status: int = 200, **headers: str) -> Answer:
        return cls(status, json.dumps(content).encode(), {"Content-Type": "application/json"} | headers)


Handler = Callable[..., Answer]
ROUTES: dict[str, tuple[str, re.Pattern[str], Handler]] = {}
"""Method, path and function, by the route's name."""

_REPO = r"(?P<repo>[^/]+/[^/]+)"


def find_route(method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
    """The route of a path, its function, and the parameters in the path."""
    for name, (methods, pattern, handler) in ROUTES.items():
        if method in methods.split() and (found := pattern.fullmatch(path)):
            return name, handler, {key: unquote(value) for key, value in found.groupdict().items() if value}
    raise Refused(404, "NotFound", f"no route {method} {path}")


def _route(name: str, methods: str, pattern: str) -> Callable[[Handler], Handler]:
    def keep(handler: Handler) -> Handler:
        ROUTES[name] = methods, re.compile(pattern), handler
        return handler

    return keep


# --- who, and which repository ---------------------------------------------------------------------------------------


@_route("whoami", "GET", "/api/whoami-v2")
def _whoami(hub: LocalHub, request: Request) -> Answer:
    return Answer.of({"type": "user", "name": "user", "auth": {"accessToken": {"role": "write"}}})


@_route("create", "POST", "/api/repos/create")
def _create(hub: LocalHub, request: Request) -> Answer:
    asked = request.json()
    name = f"{asked.get('organization') or 'user'}/{asked['name']}"
    url = {"url": f"{hub.endpoint}/datasets/{name}"}
    if name in hub.repositories:
        return Answer.of(url | {"error": "You already created this dataset repo"}, 409)
    private = asked.get("visibility") == "private" or asked.get("private") is True
    hub.repositories[name] = Repository(name, private)
    return Answer.of(url)


@_route("settings", "PUT", f"/api/datasets/{_REPO}/settings")
def _settings(hub: LocalHub, request: Request, repo: str) -> Answer:
    asked = request.json()
    hub.repository(repo).private = asked.get("visibility") == "private" or asked.get("private") is True
    return Answer.of({})


@_route("info", "GET", f"/api/datasets/{_REPO}(/revision/(?P<revision>[^/]+))?")
def _info(hub: LocalHub, request: Request, repo: str, revision: str = "main") -> Answer:
    found = hub.repository(repo)
    commit = found.at(revision)
    return Answer.of(
        {
            "id": repo,
            "sha": commit.oid,
            "private": found.private,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "lastModified": "2026-01-01T00:00:00.000Z",
            "siblings": [{"rfilename": path} for path in commit.files],
        }
    )


@_route("refs", "GET", f"/api/datasets/{_REPO}/refs")
def _refs(hub: LocalHub, request: Request, repo: str) -> Answer:
    found = hub.repository(repo)
    tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid} for tag, oid in found.tags.items()]
    main = {"name": "main", "ref": "refs/heads/main", "targetCommit": found.head.oid}
    return Answer.of({"branches": [main], "converts": [], "tags": tags})


@_route("tag", "POST", f"/api/datasets/{_REPO}/tag/(?P<revision>[^/]+)")
def _tag(hub: LocalHub, request: Request, repo: str, revision: str) -> Answer:
    found, name = hub.repository(repo), request.json()["tag"]
    if name in found.tags:
        return Answer.of({"error": f"Tag {name} already exists"}, 409)
    found.tags[name] = found.at(revision).oid
    return Answer.of({})


# --- listings --------------------------------------------------------------------------------------------------------


def _file(path: str, blob: Blob) -> dict[str, Any]:
    entry = {"type": "file", "oid": blob.git_oid, "size": len(blob.content), "path": path}
    if blob.large:
        entry["lfs"] = {"oid": blob.sha256, "size": len(blob.content), "pointerSize": len(blob.pointer)}
    return entry


def _entries(commit: Commit, folder: str, recursive: bool) -> Iterator[dict[str, Any]]:
    """Files and folders below ``folder``, sorted."""
    prefix = f"{folder}/" if folder else ""
    inside = {path: blob for path, blob in commit.files.items() if path.startswith(prefix)}
    folders = {
        path[: at + len(prefix)]
        for path in inside
        for at, letter in enumerate(path[len(prefix) :])
        if letter == "/" and (recursive or "/" not in path[len(prefix) :][:at])
    }
    for name in sorted({*inside, *folders}):
        if name in folders:
            yield {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
        elif recursive or "/" not in name[len(prefix) :]:
            yield _file(name, inside[name])


@_route("tree", "GET", f"/api/datasets/{_REPO}/tree/(?P<revision>[^/]+)(/(?P<path>.*))?")
def _tree(hub: LocalHub, request: Request, repo: str, revision: str, path: str = "") -> Answer:
    recursive = request.query.get("recursive", ["false"])[0].lower() == "true"
    entries = list(_entries(hub.repository(repo).at(revision), path, recursive))
    if path and not entries:
        raise Refused(404, "EntryNotFound", f"{path} does not exist")
    start = int(request.query.get("cursor", ["0"])[0])
    page = entries[start : start + hub.page_size]
    if start + hub.page_size >= len(entries):
        return Answer.of(page)
    query = urlencode({"recursive": recursive, "cursor": start + hub.page_size})
    return Answer.of(page, Link=f'<{hub.endpoint}{request.path}?{query}>; rel="next"')


@_route("paths_info", "POST", f"/api/datasets/{_REPO}/paths-info/(?P<revision>[^/]+)")
def _paths_info(hub: LocalHub, request: Request, repo: str, revision: str) -> Answer:
    commit = hub.repository(repo).at(revision)
    wanted = parse_qs(request.body.decode())["paths"] if request.body[:1] != b"{" else request.json()["paths"]
    known = {entry["path"]: entry for entry in _entries(commit, "", recursive=True)}
    return Answer.of([known[path] for path in wanted if path in known])


@_route("resolve", "GET HEAD", f"/datasets/{_REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
def _resolve(hub: LocalHub, request: Request, repo: str, revision: str, path: str) -> Answer:
    commit = hub.repository(repo).at(revision)
    blob = commit.files.get(path)
    if blob is None:
        raise Refused(404, "EntryNotFound", f"{path} does not exist")
    headers = {"ETag": f'"{blob.etag}"', "X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
    if not (wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))):
        return Answer(200, blob.content, headers)
    first, last = int(wanted[1]), int(wanted[2] or len(blob.content) - 1)
    part = blob.content[first : last + 1]
    headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(blob.content)}"
    return Answer(206, part, headers)


# --- uploads ---------------------------------------------------------------------------------------------------------


@_route("validate_yaml", "POST", "/api/validate-yaml")
def _validate_yaml(hub: LocalHub, request: Request) -> Answer:
    return Answer.of({"warnings": [], "errors": []})


@_route("preupload", "POST", f"/api/datasets/{_REPO}/preupload/(?P<revision>[^/]+)")
def _preupload(hub: LocalHub, request: Request, repo: str, revision: str) -> Answer:
    found = hub.repository(repo)
    files = []
    for file in request.json()["files"]:
        path, there = file["path"], found.head.files.get(file["path"])
        mode = "lfs" if found.is_large(path) else "regular"
        files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": there and there.etag})
    return Answer.of({"files": files})


@_route("lfs_batch", "POST", rf"/datasets/{_REPO}\.git/info/lfs/objects/batch")
def _lfs_batch(hub: LocalHub, request: Request, repo: str) -> Answer:
    found, objects = hub.repository(repo), []
    for one in request.json()["objects"]:
        oid, size = one["oid"], one["size"]
        if oid in found.storage:  # No actions: the client has nothing to upload.
            objects.append({"oid": oid, "size": size})
            continue
        store = f"{hub.endpoint}/lfs/{repo}/{oid}"
        verify = {"href": f"{hub.endpoint}/datasets/{repo}.git/info/lfs/verify"}
        upload: dict[str, Any] = {"href": f"{store}?signature=of-this-address"}
        if hub.part_size and size > hub.part_size:
            parts = range(1, -(-size // hub.part_size) + 1)
            header = {f"{part:05d}": f"{store}/part/{part}?signature=of-this-address" for part in parts}
            upload = {"href": f"{store}/complete", "header": {"chunk_size": str(hub.part_size), **header}}
        objects.append({"oid": oid, "size": size, "actions": {"upload": upload, "verify": verify}})
    return Answer.of({"transfer": "basic", "objects": objects})


@_route("lfs_put", "PUT", f"/lfs/{_REPO}/(?P<oid>[0-9a-f]{{64}})")
def _lfs_put(hub: LocalHub, request: Request, repo: str, oid: str) -> Answer:
    hub.repository(repo).store(oid, request.body)
    return Answer()


@_route("lfs_part", "PUT", f"/lfs/{_REPO}/(?P<oid>[0-9a-f]{{64}})/part/(?P<part>\\d+)")
def _lfs_part(hub: LocalHub, request: Request, repo: str, oid: str, part: str) -> Answer:
    hub.parts[oid, int(part)] = request.body
    return Answer(headers={"ETag": f'"part-{part}"'})


@_route("lfs_complete", "POST", f"/lfs/{_REPO}/(?P<oid>[0-9a-f]{{64}})/complete")
def _lfs_complete(hub: LocalHub, request: Request, repo: str, oid: str) -> Answer:
    parts = [part["partNumber"] for part in request.json()["parts"]]
    hub.repository(repo).store(oid, b"".join(hub.parts[oid, number] for number in parts))
    return Answer.of({})


@_route("lfs_verify", "POST", rf"/datasets/{_REPO}\.git/info/lfs/verify")
def _lfs_verify(hub: LocalHub, request: Request, repo: str) -> Answer:
    asked = request.json()
    content = hub.repository(repo).storage.get(asked["oid"])
    if content is None or len(content) != asked["size"]:
        raise Refused(404, "ObjectNotFound", "the object has not arrived")
    return Answer.of({})


@_route("xet_token", "GET", f"/api/datasets/{_REPO}/xet-write-token/(?P<revision>[^/]+)")
def _xet_token(hub: LocalHub, request: Request, repo: str, revision: str) -> Answer:
    raise Refused(404, "NotFound", "there is no Xet storage here")


@_route("commit", "POST", f"/api/datasets/{_REPO}/commit/(?P<revision>[^/]+)")
def _commit(hub: LocalHub, request: Request, repo: str, revision: str) -> Answer:
    lines = [json.loads(line) for line in request.body.splitlines() if line]
    made = hub.repository(repo).apply(lines)
    return Answer.of(
        {"success": True, "commitUrl": f"{hub.endpoint}/datasets/{repo}/commit/{made.oid}", "commitOid": made.oid}
    )
