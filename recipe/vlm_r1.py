"""Runs VLM-R1's ``grpo_jsonl.py`` with this project's rewards, and with rows of several images.

``python -m recipe.vlm_r1``, or ``torchrun … -m recipe.vlm_r1``, takes the options of ``grpo_jsonl.py``; the rewards are
``--reward_funcs viewpoint_accuracy viewpoint_format``. The folders ``src/open-r1-multimodal/src`` of VLM-R1 and
``open_r1`` in it must be on Python's path.

It gets round two faults of VLM-R1 (main of July 2026). With a model of Qwen, VLM-R1 stops at a row of several images,
because it wants one image grid for each row (om-ai-lab/VLM-R1#317). Only its own IoU rewards use these grids, so they
are left out. With transformers 4.49.0, which it pins, it cannot be imported, because a class for GLM is missing. GLM is
left out then.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from recipe.rewards.trainers import vlm_r1_accuracy, vlm_r1_format
from viewpoint100k.errors import UsageError

__all__ = ["load", "main", "prepare", "run"]


def main() -> None:
    """Trains as the command line says. Raises ``UsageError`` if VLM-R1 is not on Python's path."""
    vlm_r1 = load()
    prepare(vlm_r1)
    run(vlm_r1)


def load() -> Any:
    """The module ``grpo_jsonl``. Raises ``UsageError`` if VLM-R1 is not on Python's path."""
    try:
        import_module("transformers").Glm4vForConditionalGeneration  # noqa: B018
    except (ImportError, AttributeError):
        without = ModuleType("open_r1.vlm_modules.glm_module")
        without.GLMVModule = None  # type: ignore[attr-defined]
        sys.modules[without.__name__] = without
    try:
        return import_module("grpo_jsonl")
    except ModuleNotFoundError as error:
        if error.name != "grpo_jsonl":
            raise
        raise UsageError(
            "VLM-R1 is not on Python's path: add src/open-r1-multimodal/src of it, and open_r1 in that, to PYTHONPATH"
        ) from error


def prepare(vlm_r1: Any) -> None:
    """Adds the rewards to the module ``grpo_jsonl``, and lets its module for Qwen take several images a row."""

    class SeveralImages(vlm_r1.Qwen2VLModule):  # type: ignore[misc]
        def prepare_model_inputs(self, *others: Any, **named: Any) -> tuple[Any, None]:
            inputs, _ = super().prepare_model_inputs(*others, **named)
            return inputs, None

    vlm_r1.Qwen2VLModule = SeveralImages
    vlm_r1.reward_funcs_registry["viewpoint_accuracy"] = vlm_r1_accuracy
    vlm_r1.reward_funcs_registry["viewpoint_format"] = vlm_r1_format


def run(vlm_r1: Any) -> None:
    """What ``grpo_jsonl.py`` does as a program."""
    parser = vlm_r1.TrlParser((vlm_r1.GRPOScriptArguments, vlm_r1.GRPOConfig, vlm_r1.GRPOModelConfig))
    script, training, model = parser.parse_args_and_config()
    if "zero3" in (training.deepspeed or ""):
        vlm_r1.monkey_patch_qwen2_5vl_forward()
    vlm_r1.main(script, training, model)


if __name__ == "__main__":
    try:
        main()
    except UsageError as error:
        print(f"recipe.vlm_r1: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
