"""Opens a viewer of a folder, of a set on the Hub, or of a config, whose rows are generated while one looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewpoint100k.errors import DataError, MissingExtraError, UsageError
from viewpoint100k.view.build_record import recorded_source, recorded_templates
from viewpoint100k.view.stored_rows import StoredRows

if TYPE_CHECKING:
    from viewpoint100k.assets.mesh_files.limits import MeshLimits
    from viewpoint100k.view.viewer import Rows, Viewer
    from viewpoint100k.view.web_server import WebServer

__all__ = ["HUB", "OpenViewer", "download_set", "open_viewer"]

HUB = "hf://"


class OpenViewer:
    """A viewer with a running server."""

    def __init__(self, viewer: Viewer, web: WebServer) -> None:
        self.viewer, self.web = viewer, web

    def link(self, host: str, row_id: str = "") -> str:
        """The address of the page, or of a row in it."""
        return f"http://{host}:{self.web.port}/" + (f"row/{row_id}" if row_id else "")


@contextmanager
def open_viewer(
    what: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8100,
    split: str | None = None,
    source: str | None = None,
    overrides: Sequence[str] = (),
    say: Callable[[str], None] = lambda sentence: None,
) -> Iterator[OpenViewer]:
    """Serves a viewer until the context ends.

    Args:
        what: a data set folder, ``hf://user/set``, or a config, by name or as a YAML file.
        port: port of the page; 0 for any free one. The 3D view uses the next free port.
        split: the only split to show. For a set on the Hub, the default is the test split.
        source: source of the objects; for a config, it replaces the config's source.
        overrides: ``key=value`` settings that replace those of the config.
        say: receives one sentence about each missing thing.

    Raises ``MissingExtraError`` without viser, ``UsageError`` if ``what`` cannot be opened.
    """
    if find_spec("viser") is None:
        raise MissingExtraError("viser", "view")
    with ExitStack() as opened:
        shown = _what_is_shown(what, split, source, overrides, say, opened)
        # These imports take time, in which another thread reads the index of the set.
        from viewpoint100k.view.objects import ObjectSupply, sources_at_hand
        from viewpoint100k.view.scene_server import SceneServer
        from viewpoint100k.view.viewer import Viewer
        from viewpoint100k.view.web_server import WebServer

        held: list[Viewer] = []

        def on_key(does: str) -> None:
            if does in ("next", "previous"):
                held[0].step(1 if does == "next" else -1)
            else:
                scenes.look_from(does)

        scenes = SceneServer(host, port + 1 if port else 0, on_key)
        opened.callback(scenes.close)
        supply = ObjectSupply(sources_at_hand([shown.source], shown.limits, say))
        held.append(Viewer(shown.rows, supply, scenes, shown.templates))
        web = WebServer(held[0], host, port)
        opened.callback(web.close)
        yield OpenViewer(held[0], web)


@dataclass(frozen=True)
class _Shown:
    """The rows to show, and their source and templates."""

    rows: Rows
    source: str
    templates: dict[str, Any]
    limits: MeshLimits | None = None


def _what_is_shown(
    what: str,
    split: str | None,
    source: str | None,
    overrides: Sequence[str],
    say: Callable[[str], None],
    opened: ExitStack,
) -> _Shown:
    if what.startswith(HUB) or Path(what).is_dir():
        if overrides:
            raise UsageError(f"{what} is a data set, and --set changes a config: leave --set out")
        if what.startswith(HUB):
            split = split or "test"
            folder = download_set(what.removeprefix(HUB), split)
        else:
            folder = Path(what)
        rows = StoredRows(folder, split)
        return _Shown(rows, source or recorded_source(folder) or "procedural", recorded_templates(folder))
    from viewpoint100k.plan.config import load_config
    from viewpoint100k.view.generated_rows import GeneratedRows

    config = load_config(what, overrides, {"source": source} if source else {})
    made = GeneratedRows(config, say)
    opened.callback(made.close)
    return _Shown(made, config.source, made.templates, config.limits.mesh)


def download_set(repository: str, split: str) -> Path:
    """Downloads one split of a set on the Hub, and returns its folder in the Hub's cache.

    Raises ``UsageError`` if the set or split does not exist, ``DataError`` if the download fails.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            repository, repo_type="dataset", allow_patterns=[f"data/{split}-*.parquet", "README.md"]
        )
    except HFValidationError as error:
        raise UsageError(f"{HUB}{repository} is not a name on the Hub: write {HUB}user/set") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise DataError(f"{HUB}{repository} cannot be downloaded: {str(error).splitlines()[0]}") from error
    if not any((Path(found) / "data").glob(f"{split}-*.parquet")):
        raise UsageError(f"{HUB}{repository} has no {split} split: give another --split")
    return Path(found)
