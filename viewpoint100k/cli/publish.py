"""``viewpoint100k publish``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["publish"]


def publish(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder, audited.")],
    repo: Annotated[str, typer.Argument(help="user/name of the data set on the Hub.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and do nothing.")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Make it public at the end; a new one is private otherwise.")
    ] = False,
    tag: Annotated[str | None, typer.Option(help="Tag the published state, such as v1.0.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Publish what has failed verify or audit; the card will say so.")
    ] = False,
    allow_license: Annotated[
        list[str] | None, typer.Option(help="An SPDX id to allow beside those that ask for attribution at most.")
    ] = None,
    allow_nc: Annotated[
        bool, typer.Option("--allow-nc", help="Allow non-commercial Creative Commons licences.")
    ] = False,
    allow_sa: Annotated[bool, typer.Option("--allow-sa", help="Allow share-alike Creative Commons licences.")] = False,
    split_by_license: Annotated[
        bool, typer.Option("--split-by-license", help="Sort rows by licence, each a config of its own.")
    ] = False,
    poses_only: Annotated[
        bool, typer.Option("--poses-only", help="Leave out photos that may not be re-hosted; see rehydrate.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(help="Seconds that one request may take; an upload gets more, by its size.")
    ] = 120.0,
) -> None:
    """Verify a data set and publish it on the Hugging Face Hub; run again, it continues or updates.

    The token is that of `hf auth login` or of HF_TOKEN.

    Example: viewpoint100k publish viewpoint-100k user/viewpoint-100k --tag v1.0
    """
    from viewpoint100k.assets.licenses import AllowedLicenses
    from viewpoint100k.errors import UsageError
    from viewpoint100k.publish.publisher import Choices, RetryPolicy
    from viewpoint100k.publish.publisher import publish as publish_folder

    if timeout <= 0:
        raise UsageError(f"--timeout must be more than 0 seconds, not {timeout}")
    allowed = AllowedLicenses.of(allow_license or [], allow_nc, allow_sa)
    done = publish_folder(
        folder,
        repo,
        Choices(allowed, split_by_license, poses_only, force),
        public=public,
        tag=tag,
        dry_run=dry_run,
        retries=RetryPolicy(call_s=timeout),
        say=lambda line: print(line, flush=True),
    )
    if done.head is None:
        print("nothing was done: leave out --dry-run to publish")
        return
    seen_by = "private" if done.private else "public"
    print(f"{done.url} is complete and {seen_by}: every digest compared, commit {done.head[:12]}")
    print(f"load it with datasets.load_dataset({done.repo!r})")
