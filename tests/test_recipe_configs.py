"""Every training config parses with the installed TRL, knows no field that TRL lacks, and holds the paper's values."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("trl", reason="the [train] extra is not installed")

CONFIGS = Path(__file__).parents[1] / "recipe" / "configs"
STAGES = sorted(CONFIGS.glob("*.yaml"))

PAPER_SFT = {
    "num_train_epochs": 2,
    "learning_rate": 5.0e-6,
    "warmup_steps": 50,
    # Two rows a device, eight of them added up, on eight devices.
    "per_device_train_batch_size": 128 // 8 // 8,
    "gradient_accumulation_steps": 8,
}
PAPER_GRPO = {
    "generation_batch_size": 1024 * 16,
    "num_generations": 16,
    "max_steps": 150 * 4,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 256 * 16 // 8 // 4,
    "learning_rate": 1.0e-6,
    "lr_scheduler_type": "constant",
    "weight_decay": 0.01,
    "epsilon": 0.2,
    "delta": 3.0,
    "beta": 0.01,
    "use_bias_correction_kl": False,
    "loss_type": "dapo",
    "reward_weights": [0.5, 0.5],
    "reward_funcs": ["recipe.rewards.format_reward", "recipe.rewards.accuracy_reward"],
    "max_completion_length": 4096,
}
"""The values of the paper, and of the script that its authors launched; see docs/recipe.md."""


def parser(stage: str) -> Any:
    """The parser that ``trl sft`` and ``trl grpo`` use themselves."""
    return importlib.import_module(f"trl.scripts.{stage}").make_parser()


def parsed(path: Path, tmp_path: Path) -> tuple[Any, ...]:
    # On a machine without a GPU TRL refuses bf16, which is not what is asked here.
    here = ["--config", str(path), "--output_dir", str(tmp_path), "--use_cpu", "true", "--bf16", "false"]
    found: tuple[Any, ...] = parser(path.stem.split("_")[0]).parse_args_and_config(here, fail_with_unknown_args=True)
    return found


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CONFIGS / name).read_text())
    return content


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_every_field_is_known_and_keeps_its_value(path: Path, tmp_path: Path) -> None:
    values: dict[str, Any] = {}
    for part in parsed(path, tmp_path):
        values |= vars(part)
    content = yaml.safe_load(path.read_text())
    # The first two are set by this test, the others are lists of one, which TRL turns into something else.
    for name in content.keys() - {"use_cpu", "bf16", "report_to", "lora_target_modules"}:
        value = values[name]
        assert getattr(value, "value", value) == content[name], name


def test_a_field_that_trl_does_not_know_is_noticed(tmp_path: Path) -> None:
    broken = tmp_path / "sft_broken.yaml"
    broken.write_text("learning_rat: 1.0\n")
    with pytest.raises((ValueError, SystemExit)):
        parsed(broken, tmp_path)


@pytest.mark.parametrize(("name", "table"), [("sft_paper.yaml", PAPER_SFT), ("grpo_paper.yaml", PAPER_GRPO)])
def test_the_papers_values_stand_with_their_source_and_no_others_claim_one(name: str, table: dict[str, Any]) -> None:
    text, content = (CONFIGS / name).read_text(), read(name)
    sourced = {match[1] for match in re.finditer(r"^(\w+):[^#\n]*# (?:paper|script): ", text, re.MULTILINE)}
    ours = {match[1] for match in re.finditer(r"^(\w+):[^#\n]*# ours", text, re.MULTILINE)}
    assert sourced | ours == content.keys()
    assert {field: content[field] for field in sourced} == table


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("grpo_*.yaml")), ids=lambda path: path.stem)
def test_a_rollout_is_whole_updates_and_its_groups_are_whole(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    devices = 8 if "paper" in path.stem else 1
    update = content["per_device_train_batch_size"] * content["gradient_accumulation_steps"] * devices
    assert content["generation_batch_size"] % update == 0
    assert content["generation_batch_size"] % content["num_generations"] == 0


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("grpo_*.yaml")), ids=lambda path: path.stem)
def test_rewards_exist_and_each_has_a_weight(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert len(content["reward_funcs"]) == len(content["reward_weights"])
    for name in content["reward_funcs"]:
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function))


def test_adapters_reach_the_language_model_and_leave_the_vision_tower_alone() -> None:
    torch = pytest.importorskip("torch")
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    small = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    config = Qwen2_5_VLConfig(
        text_config=small
        | {
            "num_hidden_layers": 2,
            "num_key_value_heads": 2,
            "vocab_size": 64,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4},
        },
        vision_config=small | {"depth": 2, "num_heads": 2, "out_hidden_size": 16},
    )
    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration(config)
    (pattern,) = read("sft_lora_1gpu.yaml")["lora_target_modules"]
    assert read("grpo_lora_1gpu.yaml")["lora_target_modules"] == [pattern]
    adapted = get_peft_model(model, LoraConfig(target_modules=pattern, r=4))
    names = [name for name, _ in adapted.named_parameters() if "lora_A" in name]
    # Seven projections in each of two layers.
    assert len(names) == 14
    assert not any("visual" in name for name in names)


@pytest.mark.parametrize("path", sorted((CONFIGS / "accelerate").glob("*.yaml")), ids=lambda path: path.stem)
def test_accelerate_reads_its_configs(path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    assert load_config_from_file(str(path)).num_processes == 8
