"""Every training config parses with the installed TRL, has only TRL's fields, and has the paper's values."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from viewpoint100k.errors import UsageError

pytest.importorskip("trl", reason="the [train] extra is not installed")

CONFIGS = Path(__file__).parents[1] / "recipe" / "configs"
STAGES = sorted(CONFIGS.glob("*.yaml"))

PAPER_SFT = {
    "num_train_epochs": 2,
    "learning_rate": 5.0e-6,
    "warmup_steps": 50,
    # Two rows per device, eight accumulation steps, eight devices.
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
    # Without a GPU, TRL refuses bf16, which this test does not check.
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
    # This test sets the first two. The others are lists of one entry, which TRL converts.
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


def launched(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The arguments that ``trl`` would pass to ``accelerate launch``. Both parse them; nothing is run."""
    from accelerate.commands import launch
    from trl.cli import accelerate_launcher, main

    calls = []
    monkeypatch.setattr(
        accelerate_launcher.launch_training_script,
        "__kwdefaults__",
        {
            "launch_command_fn": calls.append,
            "launch_parser_fn": launch.launch_command_parser,
        },
    )
    assert main(arguments) == 0
    (call,) = calls
    return call


def test_whole_models_are_launched_once_over_the_gpus_of_a_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recipe.train import trl_command

    _, *arguments = trl_command("sft", "paper", "model", tmp_path, tmp_path / "out", "", ["--max_steps", "8"])
    monkeypatch.setattr(
        "transformers.TrainingArguments.__post_init__", lambda self: None
    )  # The file requests the GPUs.
    call = launched(arguments, monkeypatch)
    assert call.config_file == str(CONFIGS / "accelerate" / "fsdp2.yaml")
    assert call.training_script.endswith("sft.py")
    assert "--accelerate_config" not in call.training_script_args
    assert call.training_script_args[-2:] == ["--max_steps", "8"]
    _, *arguments = trl_command("sft", "lora_1gpu", "model", tmp_path, tmp_path / "out", "", [])
    assert launched(arguments, monkeypatch).config_file is None
    with pytest.raises(UsageError, match="one of fsdp2, zero3, or the path"):
        trl_command("sft", "paper", "model", tmp_path, tmp_path / "out", "fsdp3", [])


def test_each_node_of_a_cluster_launches_its_share_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the unchanged batch file on a cluster of stand-in scripts. Gives the actions of its third node."""
    here = tmp_path / "project"
    for name, does in (
        ("bin/scontrol", "echo node001; echo node002"),
        ("bin/srun", 'SLURM_NODEID=2 exec "$@"'),
        ("project/.venv/bin/trl", f'printf "%s\\n" "$@" >> {tmp_path}/called'),
    ):
        script = tmp_path / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"#!/bin/bash\n{does}\n")
        script.chmod(0o755)
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "SLURM_NNODES": "8", "SLURM_JOB_NODELIST": "node00[1-8]"}
    batch = ["bash", str(CONFIGS / "accelerate" / "slurm.sbatch"), "grpo", "paper", "runs/sft", "prepared", "runs/grpo"]
    subprocess.run(batch, check=True, env=environment, cwd=here)
    monkeypatch.chdir(CONFIGS.parents[1])
    monkeypatch.setattr(
        "transformers.TrainingArguments.__post_init__", lambda self: None
    )  # The file requests the GPUs.
    call = launched((tmp_path / "called").read_text().split("\n")[:-1], monkeypatch)
    assert (call.num_machines, call.num_processes, call.machine_rank) == (8, 64, 2)
    assert (call.main_process_ip, call.main_process_port, call.rdzv_backend) == ("node001", 29500, "c10d")
    assert call.config_file == "recipe/configs/accelerate/fsdp2.yaml"
    given = call.training_script_args
    assert given[given.index("--gradient_accumulation_steps") + 1] == "16"
    assert not any(name in given for name in ("--num_machines", "--machine_rank", "--accelerate_config"))
