"""`recipe.vlm_r1` with a ``grpo_jsonl.py`` of the shape of VLM-R1's; `make test-tools` runs the real one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from recipe import vlm_r1
from recipe.rewards.trainers import vlm_r1_accuracy, vlm_r1_format
from viewpoint100k.errors import UsageError

GRPO_JSONL = """
class Qwen2VLModule:
    def prepare_model_inputs(self, processing_class, prompts_text, images, padding=True):
        return {"texts": prompts_text, "padding": padding}, [{"image_grid_thw": image} for image in images]

class TrlParser:
    def __init__(self, kinds):
        assert kinds == (GRPOScriptArguments, GRPOConfig, GRPOModelConfig)

    def parse_args_and_config(self):
        import sys
        return "script", GRPOConfig(sys.argv[1] if len(sys.argv) > 1 else None), "model"

class GRPOConfig:
    def __init__(self, deepspeed):
        self.deepspeed = deepspeed

GRPOScriptArguments, GRPOModelConfig = object(), object()
reward_funcs_registry = {"accuracy": None}
calls = []

def monkey_patch_qwen2_5vl_forward():
    calls.append("patched")

def main(script, training, model):
    calls.append((script, training.deepspeed, model))
"""


def libraries(monkeypatch: pytest.MonkeyPatch, **classes: object) -> None:
    """Puts a ``transformers`` in place that has these classes alone."""
    transformers = ModuleType("transformers")
    transformers.__dict__.update(classes)
    monkeypatch.setitem(sys.modules, "transformers", transformers)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grpo_jsonl.py").write_text(GRPO_JSONL)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["vlm_r1"])
    for name in ("grpo_jsonl", "open_r1.vlm_modules.glm_module"):  # Forgotten afterwards.
        monkeypatch.setitem(sys.modules, name, sys)
        monkeypatch.delitem(sys.modules, name)
    libraries(monkeypatch, Glm4vForConditionalGeneration=object())


@pytest.mark.usefixtures("on_path")
def test_vlm_r1_knows_the_rewards_and_takes_several_images_a_row() -> None:
    vlm_r1.main()
    told = sys.modules["grpo_jsonl"]
    assert told.calls == [("script", None, "model")]
    added = {"viewpoint_accuracy": vlm_r1_accuracy, "viewpoint_format": vlm_r1_format}
    assert told.reward_funcs_registry == {"accuracy": None} | added
    # grpo_trainer.py asserts that there are as many outputs as rows, unless there are none.
    inputs, more = told.Qwen2VLModule().prepare_model_inputs(None, ["one row"], [1, 2], padding=False)
    assert inputs == {"texts": ["one row"], "padding": False}
    assert more is None


@pytest.mark.usefixtures("on_path")
def test_what_vlm_r1_does_for_zero3_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["vlm_r1", "zero3.json"])
    vlm_r1.main()
    assert sys.modules["grpo_jsonl"].calls == ["patched", ("script", "zero3.json", "model")]


@pytest.mark.usefixtures("on_path")
def test_glm_is_left_out_only_where_transformers_does_not_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    vlm_r1.load()
    assert "open_r1.vlm_modules.glm_module" not in sys.modules
    libraries(monkeypatch)
    vlm_r1.load()
    # vlm_modules/__init__.py imports this name from it.
    assert sys.modules["open_r1.vlm_modules.glm_module"].GLMVModule is None


def test_without_vlm_r1_the_error_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries(monkeypatch, Glm4vForConditionalGeneration=object())
    with pytest.raises(UsageError, match="PYTHONPATH"):
        vlm_r1.main()
