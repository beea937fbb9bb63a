"""``viewpoint100k view``."""

from __future__ import annotations

import sys
import threading
import webbrowser
from typing import Annotated

import typer

__all__ = ["view"]


def view(
    what: Annotated[
        str, typer.Argument(metavar="DIR|hf://USER/SET|CONFIG", help="A data set, or a config to generate rows from.")
    ],
    row: Annotated[str, typer.Option(help="Id of the first row to show.")] = "",
    split: Annotated[str | None, typer.Option(help="The only split to show; test by default for hf://.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Source of the objects, such as meshes:DIR. Replaces the source of a config.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, replaces a config's; dots for sections; repeatable.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address of the server; 0.0.0.0 admits other devices on the network, such as a phone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65534, help="Port of the page; the 3D view uses the next.")] = 8100,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Show rows in a browser: images, question, answer, and a 3D view of the object and the cameras.

    Needs viser, from the extra [view]. Ctrl-C ends the viewer.

    Example: viewpoint100k view viewpoint-100k
    """
    from viewpoint100k.view.opening import open_viewer

    def say(sentence: str) -> None:
        print(f"view: {sentence}", file=sys.stderr, flush=True)

    with open_viewer(what, host=host, port=port, split=split, source=source, overrides=set_ or [], say=say) as opened:
        link = opened.link("localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host, row)
        print(f"{link}  (Ctrl-C ends the viewer)", flush=True)
        if browser:
            webbrowser.open(link)
        threading.Event().wait()
