"""The recipe on the real model classes, tiny and with random weights, with their real processors and vocabulary."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recipe.models import qwen_tokenizer
from recipe.models.qwen_tokenizer import build_tokenizer, find_vocabulary, read_ranks
from viewpoint100k.errors import UsageError

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "recipe" / "configs"
FAMILIES = ("qwen2.5-vl", "qwen3-vl")
SIZE = 128

# By hand. Qwen2.5-VL: 128 / 28 = 4.57, so 5 x 5 tokens for each of two images. Qwen3-VL makes an image at least 256
# pixels wide and high: 256 / 32 = 8.
TOKENS_A_ROW = {"qwen2.5-vl": 2 * 5 * 5, "qwen3-vl": 2 * 8 * 8}

FEWER = ["--max_steps", "2", "--use_cpu", "true", "--gradient_accumulation_steps", "2", "--logging_steps", "1"]
FEWER += ["--warmup_steps", "0", "--learning_rate", "0.01"]  # Two steps of the config's own would not show in bfloat16.
FEWER_ANSWERS = [
    "--generation_batch_size",
    "8",
    "--max_completion_length",
    "4",
    "--mask_truncated_completions",
    "false",
]
# The recipe's own rewards, and one that random answers earn.
OWN = ["format_reward", "accuracy_reward"]
REWARDS = ["--reward_funcs", *(f"recipe.rewards.{name}" for name in OWN), "tests.qwen_rewards.share_of_letters"]
REWARDS += ["--reward_weights", "0.5", "0.5", "1"]


def test_without_the_vocabulary_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qwen_tokenizer, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install --no-deps dashscope"):
        find_vocabulary()


def test_merges_follow_the_ranks(tmp_path: Path) -> None:
    """A vocabulary of all bytes, then "ab" and "abc": "abc" is one token, "bc" is two, "cab" is "c" and "ab"."""
    pytest.importorskip("tokenizers", reason="the [train] extra is not installed")
    import base64

    words = [*(bytes([byte]) for byte in range(256)), b"ab", b"abc"]
    lines = [b"%s %d" % (base64.b64encode(word), rank) for rank, word in enumerate(words)]
    (tmp_path / "qwen.tiktoken").write_bytes(b"\n".join(lines))
    tokenizer = build_tokenizer(read_ranks(tmp_path / "qwen.tiktoken"), thinks=True)
    assert tokenizer.encode("abc").ids == [257]
    assert tokenizer.encode("bc").ids == [98, 99]
    assert tokenizer.encode("cab").ids == [99, 256]
    assert tokenizer.encode("<|image_pad|>é").ids == [258 + 12, 0xC3, 0xA9]
    said = tokenizer.encode("<|im_start|><think>abc</think><|im_end|>")
    assert tokenizer.decode(said.ids, skip_special_tokens=True) == "<think>abc</think>"
    assert len(said.ids) == 5
    assert len(build_tokenizer(read_ranks(tmp_path / "qwen.tiktoken"), thinks=False).encode("<think>").ids) == 7


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    pytest.importorskip("trl", reason="the [train] extra is not installed")
    from qwen_packages import qwen_environment

    return qwen_environment(tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows") / "set"
    build = ["viewpoint100k", "build", "viewpoint-100k", "--rows", "20", "--workers", "1", "--out", str(folder)]
    settings = ["--set", f"images.size={SIZE}", "--set", "rows_per_shard=20"]
    subprocess.run([sys.executable, "-m", *build, *settings], check=True, capture_output=True, timeout=280)
    return folder


def run(environment: dict[str, str], *command: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, env=environment, timeout=3000
    )
    assert done.returncode == 0, f"{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(9000)
@pytest.mark.parametrize("family", FAMILIES)
def test_both_stages_of_lora_1gpu_run(family: str, environment: dict[str, str], rows: Path, tmp_path: Path) -> None:
    model, runs = tmp_path / "model", tmp_path / "runs"
    run(environment, "-m", "recipe.models.qwen", model, "--family", family)
    check_tokenizer(model)
    train = ["-m", "recipe.train"]
    more = ["--config", "lora_1gpu", "--data", rows, "--runs", runs]
    run(environment, *train, "sft", *more, "--model", model, "--", *FEWER, "--dataloader_num_workers", "0")
    prepared = runs / "sft-lora_1gpu-rows"
    config = CONFIGS / "sft_lora_1gpu.yaml"
    made = run(environment, ROOT / "tests" / "qwen_rows.py", model, prepared, config, tmp_path / "unused")
    check_rows(json.loads(made.splitlines()[-1]), family)
    check_losses(runs / "sft-lora_1gpu", 2)

    run(environment, *train, "grpo", *more, "--", *FEWER, *FEWER_ANSWERS, *REWARDS)
    history = check_losses(runs / "grpo-lora_1gpu", 2)
    assert all(f"rewards/{name}/mean" in history[0] for name in OWN)
    assert history[0]["reward_std"] > 0
    merged = runs / "sft-lora_1gpu-merged"
    check_merged(model, runs / "sft-lora_1gpu", merged)
    # Of stage 2: the adapters belong to what stage 1 left, and merge as well.
    adapters = runs / "grpo-lora_1gpu"
    assert json.loads((adapters / "adapter_config.json").read_text())["base_model_name_or_path"] == str(merged)
    merge = (
        "from recipe.adapters import *; from pathlib import Path; import sys; merge_adapters(*map(Path, sys.argv[1:]))"
    )
    run(environment, "-c", merge, adapters, tmp_path / "end")
    check_merged(merged, adapters, tmp_path / "end")


def check_tokenizer(model: Path) -> None:
    """Ids as published; the first are those of the documentation of Qwen2.5."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    assert tokenizer.encode("Hello, world!").ids == [9707, 11, 1879, 0]
    assert tokenizer.encode("<|endoftext|><|im_end|><|image_pad|>").ids == [151643, 151645, 151655]


def check_rows(found: list[dict[str, Any]], family: str) -> None:
    """Every image has its tokens; the completion and the end of the turn are learnt, and nothing else."""
    assert len(found) == 20
    for row in found:
        assert row["images"] == [[SIZE, SIZE]] * 2
        assert row["image_tokens"] == TOKENS_A_ROW[family]
        assert row["learnt"].rstrip("\n") == f"{row['completion']}<|im_end|>"
        assert row["labels_are_the_tokens"]
        assert not row["learnt_is_padding"]
        user = (
            f"<|im_start|>user\n{'<|vision_start|>' + TOKENS_A_ROW[family] // 2 * '<|image_pad|>' + '<|vision_end|>'}"
        )
        assert user in row["text"]
        assert f"{row['question']}<|im_end|>\n<|im_start|>assistant\n{row['completion']}<|im_end|>" in row["text"]
    reasoned = [row["completion"].startswith("<think>") for row in found]
    assert sum(reasoned) == 2, "a tenth of the rows reason"


def check_losses(folder: Path, steps: int) -> list[dict[str, Any]]:
    """Every step has a finite loss; returns what was logged at each."""
    state = json.loads((folder / f"checkpoint-{steps}" / "trainer_state.json").read_text())
    history = [entry for entry in state["log_history"] if "loss" in entry]
    assert len(history) == steps
    assert np.isfinite([entry["loss"] for entry in history]).all()
    return history


def check_merged(base: Path, adapters: Path, merged: Path) -> None:
    """Each adapted weight is W + (alpha / r) B A, by NumPy; all others are as they were."""
    before, after, parts = (_weights(folder) for folder in (base, merged, adapters))
    settings = json.loads((adapters / "adapter_config.json").read_text())
    scale = settings["lora_alpha"] / settings["r"]
    changed = set()
    for name, down in parts.items():
        if "lora_A" not in name:
            continue
        up = parts[name.replace("lora_A", "lora_B")]
        layer = name.removeprefix("base_model.model.").replace(".lora_A", "").partition("language_model.")[2]
        (place,) = [one for one in before if one.endswith(layer) and "visual" not in one]
        expected = before[place] + scale * (up @ down)
        assert np.abs(after[place] - expected).max() < 0.01 * np.abs(expected).max()
        changed.add(place)
    assert len(changed) == 2 * 7, "seven matrices in each of two layers"
    for name, weight in before.items():
        assert np.array_equal(weight, after[name]) == (name not in changed), name


def _weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    (file,) = folder.glob("*model.safetensors")
    return {name: weight.float().numpy() for name, weight in load_file(file).items()}
