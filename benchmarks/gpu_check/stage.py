"""One stage of the recipe, config `lora_1gpu`, on the rows and the model that earlier steps made."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from benchmarks.gpu_check.model import MODEL
from benchmarks.gpu_check.steps import StepFailed, Task, run_step

_STEPS = 6
_FEWER = {
    "sft": {"gradient_accumulation_steps": 8},
    "grpo": {"max_completion_length": 128},
}
"""Options of TRL: shorter than the config, so that both stages fit into minutes."""

_TINY = {
    "sft": {"max_steps": 2, "gradient_accumulation_steps": 2, "dataloader_num_workers": 0, "use_cpu": "true"},
    "grpo": {
        "max_steps": 2,
        "generation_batch_size": 8,
        "gradient_accumulation_steps": 2,
        "max_completion_length": 8,
        "use_cpu": "true",
    },
}


def find(task: Task) -> dict[str, Any]:
    """Raises ``StepFailed`` if the stage fails, or if a loss is not a finite number."""
    import torch

    stage = task.options.stage
    if not task.dry_run and not torch.cuda.is_available():
        raise StepFailed("torch sees no GPU")
    runs, model, rows = task.out / "runs", task.out / MODEL, task.out / "rows-gpu"
    if not (model / "config.json").is_file():
        raise StepFailed(f"{model} holds no model: the step model did not pass")
    # Stage 2 starts from what stage 1 left. Without that, it starts from the model itself.
    start = [] if stage == "grpo" and _is_left_by_sft(runs) else ["--model", str(model)]
    wanted = {"max_steps": _STEPS, **_FEWER[stage], **(_TINY[stage] if task.dry_run else {})}
    options = {"logging_steps": 1, "warmup_steps": 0, **wanted}
    more = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    own = ["recipe.train", stage, "--config", "lora_1gpu", "--data", str(rows), "--runs", str(runs), *start]
    seconds = task.call(*own, "--", *more)
    history = _history(runs / f"{stage}-lora_1gpu")
    losses = [entry["loss"] for entry in history if "loss" in entry]
    if len(losses) != options["max_steps"] or not all(map(math.isfinite, losses)):
        raise StepFailed(f"{options['max_steps']} steps have the losses {losses}")
    figures: dict[str, Any] = {
        "start": "model" if start else "stage 1",
        "device": task.device,
        "steps": len(losses),
        "seconds, loading included": round(seconds, 1),
        "losses": losses,
    }
    for name in ("mean_token_accuracy", "reward", "completions/mean_length", "step_time"):
        if values := [entry[name] for entry in history if name in entry]:
            figures[name] = [round(value, 4) for value in values]
    return figures


def _is_left_by_sft(runs: Path) -> bool:
    return (runs / "sft-lora_1gpu" / "adapter_config.json").is_file()


def _history(folder: Path) -> list[dict[str, Any]]:
    """What the trainer logged at each step."""
    states = sorted(folder.glob("checkpoint-*/trainer_state.json"), key=lambda path: path.stat().st_mtime)
    if not states:
        raise StepFailed(f"{folder} has no checkpoint")
    history: list[dict[str, Any]] = json.loads(states[-1].read_text(encoding="utf-8"))["log_history"]
    return history


if __name__ == "__main__":
    run_step(find, ("--stage", ("sft", "grpo")))
