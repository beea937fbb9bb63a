"""A model of the Qwen2.5-VL class with random weights and its real processor, for both stages of the recipe."""

from __future__ import annotations

from typing import Any

from benchmarks.gpu_check.steps import Task, run_step
from recipe.models.qwen import SMALL, TINY, write_qwen

MODEL = "model"
"""Its folder, in the folder of the results."""


def find(task: Task) -> dict[str, Any]:
    parameters = write_qwen(task.out / MODEL, shape=TINY if task.dry_run else SMALL)
    return {"class": "Qwen2_5_VLForConditionalGeneration", "parameters": parameters, "weights": "random, bfloat16"}


if __name__ == "__main__":
    run_step(find)
