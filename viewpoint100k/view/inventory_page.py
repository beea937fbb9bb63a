"""Writes an inventory as one self-contained HTML page, without scripts."""

from __future__ import annotations

import base64
from collections import Counter
from importlib import resources
from pathlib import Path

from viewpoint100k.errors import UsageError
from viewpoint100k.view.inventory import Inventory, printable, readable_size

__all__ = ["page", "write_page"]


def write_page(inventory: Inventory, path: Path) -> None:
    """Writes the page. Raises ``UsageError`` if it cannot be written."""
    try:
        path.write_text(page(inventory), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): give --html another file") from error


def page(inventory: Inventory) -> str:
    """The page as HTML. All texts of assets are escaped, because anybody may have written them."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"printable": printable, "size": readable_size, "data_uri": _data_uri, "link": _link}
    text = (resources.files("viewpoint100k.view") / "inventory.html.jinja").read_text(encoding="utf-8")
    entries = inventory.usable
    return environment.from_string(text).render(
        inventory=inventory,
        licenses=Counter(entry.license for entry in entries).most_common(),
        categories=Counter(entry.category or "without a category" for entry in entries).most_common(),
        dropped=[entry for entry in inventory.entries if entry.reason],
    )


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _link(uri: str) -> str:
    """``uri`` if it is an HTTP address; empty for anything else, such as ``javascript:``."""
    return uri if uri.startswith(("https://", "http://")) and uri.isprintable() else ""
