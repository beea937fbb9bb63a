"""``viewpoint100k templates list | check | preview | schema``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["templates"]

templates = typer.Typer(
    name="templates",
    help="Question types: list those of the package, check a file of your own, see what it asks.\n\n"
    "Example: viewpoint100k templates check my_type.yaml",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_NAME = "A question type of the package, or the path of a YAML file."


@templates.command(name="list")
def list_types() -> None:
    """List the question types that come with the package.

    Example: viewpoint100k templates list
    """
    from viewpoint100k.questions import load_template, template_names

    known = {name: load_template(name) for name in template_names()}
    width = max(len(name) for name in known)
    for name, template in known.items():
        options = f"{template.options} options" if template.options else "open"
        print(f"{name:{width}}  {options:9}  {', '.join(template.languages):6}  {template.description}")


@templates.command()
def check(files: Annotated[list[str], typer.Argument(metavar="FILE...", help=_NAME)]) -> None:
    """Say what is wrong with template files, on which line, and how to mend it; and what should be thought over.

    Exit code 1 where one cannot be used. Example: viewpoint100k templates check my_type.yaml
    """
    from viewpoint100k.questions.advice import advice, left_to_rows
    from viewpoint100k.questions.files import read_template
    from viewpoint100k.questions.lint import examine
    from viewpoint100k.questions.template import Template

    unusable = 0
    for name in files:
        text = read_template(name)
        found = examine(text)
        if isinstance(found, Template):
            template, found = found, advice(text, found)
            thought = f", with {len(found)} warning{'s' * (len(found) != 1)}" if found else ""
            print(f"{name}: {template.question_type} can be used, in {template.wording_count:,} wordings{thought}")
            print(f"{name}: {left_to_rows(template)}")
        else:
            unusable += 1
        for problem in found:
            print(f"{name}:{problem.line}: {problem.severity}: {problem.sentence}")
    if unusable:
        raise typer.Exit(1)


@templates.command()
def preview(
    file: Annotated[str, typer.Argument(metavar="FILE", help=_NAME)],
    out: Annotated[Path | None, typer.Option(help="The page to write.")] = None,
    source: Annotated[str, typer.Option(help="Objects to ask about: procedural, meshes:DIR, …")] = "procedural",
    seed: Annotated[int, typer.Option(help="Another seed gives other questions.", min=0)] = 0,
    wordings: Annotated[bool, typer.Option("--wordings", help="List all wordings instead.")] = False,
) -> None:
    """Write a page with ten questions of a type, their images, and the reasons for which pairs were refused.

    Example: viewpoint100k templates preview my_type.yaml --out page.html
    Example: viewpoint100k templates preview my_type.yaml --wordings
    """
    from viewpoint100k.errors import UsageError
    from viewpoint100k.questions.advice import advice
    from viewpoint100k.questions.files import parse_template, read_template
    from viewpoint100k.runtime.files import write_atomically
    from viewpoint100k.view.template_preview import draw_questions, preview_page
    from viewpoint100k.view.wording_list import wording_lines

    text = read_template(file)
    template = parse_template(text, file)
    if wordings:
        for line in wording_lines(template):
            print(line)
        return
    if out is None:
        raise UsageError("preview needs --out PAGE.html for a page, or --wordings for a list")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    questions, record = draw_questions(file, source, seed)
    write_atomically(out, preview_page(template, questions, record, advice(text, template)).encode())
    print(f"{out}: {len(questions)} questions of {template.question_type}; open it in a browser")


@templates.command()
def schema() -> None:
    """Print the JSON schema of a template file, by which an editor completes and checks it.

    Example: viewpoint100k templates schema > template.schema.json
    """
    from viewpoint100k.questions.schema import template_schema

    print(template_schema(), end="")
