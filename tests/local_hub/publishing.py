"""Shared by the tests of publishing: folders that can be published, and clients of the local Hub."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import hand_made_dataset as hand
import pyarrow.parquet as pq

from local_hub.repository import Repository
from local_hub.server import TOKEN, LocalHub
from viewpoint100k.check.audit import AuditSettings, audit
from viewpoint100k.plan.config import load_config
from viewpoint100k.publish.publisher import RetryPolicy

__all__ = [
    "REPO",
    "SOON",
    "audited",
    "client_environment",
    "edit_rows",
    "is_equal",
    "kill_group",
    "licensed",
    "lines_of",
    "python",
    "start_command",
]

REPO = "user/viewpoint-100k"
SOON = RetryPolicy(call_s=30, attempts=4, first_wait_s=0.02, longest_wait_s=0.1)
"""A publisher that does not wait long."""


def audited(folder: Path) -> Path:
    """Adds the report of a text audit to the folder. Gives the folder."""
    audit(folder, settings=AuditSettings(look_at_images=False))
    return folder


@cache
def _audited_once(folder: Path, copy: Path) -> Path:
    return audited(Path(shutil.copytree(folder, copy)))


def copy_of(built: Path, tmp_path: Path) -> Path:
    """An audited copy of a built data set, which a test may change."""
    original = _audited_once(built, built.with_name("audited"))
    return Path(shutil.copytree(original, tmp_path / "viewpoint-100k"))


def licensed(folder: Path, licenses: dict[str, str], source: str = "meshes") -> Path:
    """The small data set made by hand, whose assets have these licences; CC0-1.0 unless named."""
    shards = {
        name: [row | {"license": licenses.get(row["asset_id"], "CC0-1.0"), "source": source} for row in rows]
        for name, rows in hand.GOOD.items()
    }
    hand.write(folder, shards)
    own = {"source": "meshes:/home/me/my cups/*2,procedural", "questions": {"/home/me/leaning.yaml": 1.0}}
    config = load_config("viewpoint-100k", ["captures.max_image_size=512"]).model_dump(mode="json") | own
    (folder / ".build" / "build.json").write_text(json.dumps({"config": config}))
    return audited(folder)


def edit_rows(folder: Path, shard: str, **changes: Any) -> None:
    """Changes the first row of a shard and makes the manifest match."""
    path = folder / "data" / f"{shard}.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0] |= changes
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), path)
    manifest_path = folder / ".build" / "manifest.json"
    manifest = json.loads(manifest_path.read_text())
    for entry in manifest["files"]:
        content = (folder / entry["path"]).read_bytes()
        entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    text = "\n".join(f"{entry['path']} {entry['sha256']}" for entry in manifest["files"])
    manifest["digest"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    manifest_path.write_text(json.dumps(manifest))


def client_environment(hub: LocalHub, home: Path, token: str = TOKEN) -> dict[str, str]:
    """The variables by which the real clients find the local Hub, with a cache of their own."""
    ours = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": token, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    return ours | {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1"}


def python(hub: LocalHub, home: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a reader's script against the local Hub."""
    environment = os.environ | client_environment(hub, home)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


def start_command(hub: LocalHub, home: Path, *arguments: str | Path, token: str = TOKEN) -> subprocess.Popen[str]:
    """Starts ``viewpoint100k`` against the local Hub, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "viewpoint100k", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | client_environment(hub, home, token),
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[str]) -> None:
    """Kills only the parent process with SIGKILL. Its child must notice by itself."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)


def is_equal(folder: Path, repository: Repository) -> bool:
    """True if the repository has exactly the folder's shards, byte for byte, and licence, attribution and card."""
    shards = {f"data/{path.name}": path.read_bytes() for path in folder.glob("data/*.parquet")}
    there = {path: blob.content for path, blob in repository.head.files.items()}
    beside = {"README.md", "LICENSE", "ATTRIBUTION.csv", "config.yaml", ".gitattributes"}
    also = {"question_types.json"} if "question_types" in (folder / ".build" / "build.json").read_text() else set()
    return {path: there.get(path) for path in shards} == shards and set(there) == {*shards, *beside, *also}


def lines_of(said: list[str]) -> str:
    return "\n".join(said)
