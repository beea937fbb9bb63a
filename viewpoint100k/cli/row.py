"""``viewpoint100k row``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from viewpoint100k.errors import UsageError

if TYPE_CHECKING:
    from viewpoint100k.dataset.reference import BlockPlace
    from viewpoint100k.plan.build_plan import BuildPlan
    from viewpoint100k.runtime.storage import Location

__all__ = ["row"]


def row(
    row_id: Annotated[str, typer.Argument(metavar="ID", help="The row's id: 16 hexadecimal digits.")],
    config: Annotated[str, typer.Option(help="The config of its set: a name, or a YAML file.")] = "viewpoint-100k",
    of: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="A set with the row: folder or URL; without one, a reference build."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the images and the columns; row-ID by default.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value over the config; dots for sections; repeatable.")
    ] = None,
) -> None:
    """Rebuild one row from its id and its config, and write its images and columns.

    A row of a reference build needs no data set: the package knows in which block it stands. That block, of at most
    100 rows, is built.

    Example: viewpoint100k row 0f3a5c7e9b1d2f48
    """
    from viewpoint100k.building.single_rows import rebuild_row
    from viewpoint100k.dataset.reference import is_row_id
    from viewpoint100k.plan.config import load_config
    from viewpoint100k.plan.planning import make_build_plan
    from viewpoint100k.runtime.storage import located

    if not is_row_id(row_id):
        raise UsageError(f"{row_id} is not the id of a row: give its 16 hexadecimal digits, as the column id has them")
    data_set = None if of is None else located(of)
    settings = load_config(config if data_set is None else data_set / "config.yaml", set_ or [])
    build_plan = make_build_plan(settings)
    found = rebuild_row(build_plan, row_id, _places(build_plan, row_id, data_set))
    if found is None:
        raise UsageError(f"the config {settings.name} has no row {row_id}: give its own with --config or --of")
    folder = out or Path(f"row-{row_id}")
    _write(found, folder)
    print(f"{found['question']}\n")
    print(f"answer: {found['answer']} ({found['answer_text']}), {found['question_type']}, group {found['group']}")
    print(f"object: {found['source']} {found['asset_id']}; written to {folder}")


def _places(build_plan: BuildPlan, row_id: str, data_set: Location | None) -> list[BlockPlace]:
    from viewpoint100k.dataset.reference import reference_of, references, stored_places

    if data_set is not None:
        if not (places := stored_places(data_set, row_id)):
            raise UsageError(f"{data_set} has no row {row_id}")
        return places
    reference = reference_of(build_plan.config_digest)
    if reference is None:
        known = ", ".join(one.name for one in references()) or "none"
        raise UsageError(
            f"there is no reference build of this config ({known}): give the folder of a set that has the row, --of DIR"
        )
    return reference.places(row_id)


def _write(found: dict[str, Any], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(found["images"]):
            (folder / f"image_{number + 1}.jpg").write_bytes(image["bytes"])
        columns = {name: value for name, value in found.items() if name != "images"}
        (folder / "row.json").write_text(json.dumps(columns, indent=2) + "\n")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}): give another --out") from error
