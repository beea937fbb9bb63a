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
        str, typer.Argument(metavar="DIR|hf://USER/SET|CONFIG", help="A data set, or a config whose rows to make.")
    ],
    row: Annotated[str, typer.Option(help="Id of the row to begin with.")] = "",
    split: Annotated[str | None, typer.Option(help="That split alone; of a set on the Hub, test unless given.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Where the objects are, such as meshes:DIR; of a config, where they come from.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value over a config; dots for sections; repeatable.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to serve on; 0.0.0.0 lets others on the network in, such as a phone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65534, help="Of the page; the 3D view takes the next one.")] = 8100,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Look at rows in three dimensions: images, question, answer, and where the cameras stood.

    Needs viser: the extra [view]. Ctrl-C ends it.

    Example: viewpoint100k view viewpoint-100k
    """
    from viewpoint100k.view.opening import open_viewer

    def say(sentence: str) -> None:
        print(f"view: {sentence}", file=sys.stderr, flush=True)

    with open_viewer(what, host=host, port=port, split=split, source=source, overrides=set_ or [], say=say) as opened:
        link = opened.link("localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host, row)
        print(f"{link}  (Ctrl-C ends it)", flush=True)
        if browser:
            webbrowser.open(link)
        threading.Event().wait()
