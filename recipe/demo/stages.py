"""The two stages of ``make demo-train``, with TRL's trainers and config files, for a model in memory."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["batches_of_one_form", "load_small", "reinforce", "supervise"]

History = list[dict[str, Any]]
"""The log of a trainer, in order: ``step`` and the values at that step."""


def supervise(
    model: Any, processor: Any, rows: Any, config: Path, out: Path, more: Sequence[str] = (), callbacks: Any = ()
) -> History:
    """Trains ``model`` on prepared rows with the trainer of ``trl sft``; saves it and its processor in ``out``.

    Args:
        rows: a ``datasets.Dataset`` with the output of `recipe.prepare.prepare_sft`.
        config: a YAML file for ``trl sft``.
        more: options that override the file, such as ``--max_steps 10``.
    """
    from trl import SFTConfig, SFTTrainer, TrlParser

    (settings,) = TrlParser((SFTConfig,)).parse_args_and_config(_arguments(config, out, more))
    trainer = SFTTrainer(
        model=model,
        args=settings,
        processing_class=processor,
        train_dataset=rows,
        callbacks=list(callbacks),
    )
    return _run(trainer, out)


def reinforce(
    model: Any, processor: Any, rows: Any, config: Path, out: Path, more: Sequence[str] = (), callbacks: Any = ()
) -> History:
    """Trains ``model`` on prepared prompts with the trainer of ``trl grpo``; saves it and its processor in ``out``.

    The model must have been saved before, because the KL penalty loads its reference model from there.
    """
    from trl import GRPOConfig, GRPOTrainer, TrlParser
    from trl.scripts.grpo import GRPOScriptArguments

    script, settings = TrlParser((GRPOScriptArguments, GRPOConfig)).parse_args_and_config(_arguments(config, out, more))
    trainer = GRPOTrainer(
        model=model,
        args=settings,
        processing_class=processor,
        reward_funcs=[_named(path) for path in script.reward_funcs],
        train_dataset=rows,
        callbacks=list(callbacks),
    )
    return _run(trainer, out)


def load_small(folder: Path) -> tuple[Any, Any]:
    """Loads the (model, processor) that a stage saved in ``folder``."""
    from transformers import AutoProcessor

    from recipe.models.pair_model import PairModel

    return PairModel.from_pretrained(folder), AutoProcessor.from_pretrained(folder)


def batches_of_one_form(is_long: Sequence[bool], batch: int, epochs: int, seed: int = 0) -> list[int]:
    """An order of rows for ``epochs`` epochs in which batches do not mix long and short rows.

    Rows are padded to the longest in their batch, so scattering a tenth of long rows would double the cost. Each epoch
    has every row once, in another order; only its last batches are mixed.
    """
    rng = np.random.default_rng(seed)
    long = np.asarray(is_long, dtype=bool)
    order: list[int] = []
    for _ in range(epochs):
        kinds = [rng.permutation(np.flatnonzero(kind)) for kind in (long, ~long)]
        whole = [kind[: len(kind) // batch * batch].reshape(-1, batch) for kind in kinds]
        left_over = np.concatenate([kind[len(kind) // batch * batch :] for kind in kinds])
        order += rng.permutation(np.concatenate(whole)).ravel().tolist() + left_over.tolist()
    return order


def _arguments(config: Path, out: Path, more: Sequence[str]) -> list[str]:
    return ["--config", str(config), "--output_dir", str(out), *more]


def _run(trainer: Any, out: Path) -> History:
    trainer.train()
    trainer.save_model(str(out))
    return list(trainer.state.log_history)


def _named(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)
