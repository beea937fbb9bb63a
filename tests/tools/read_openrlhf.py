"""OpenRLHF: its own executor of one turn, with a stand-in for the engine, calls our rewards on whole conversations."""

from __future__ import annotations

import asyncio
import importlib.metadata
import io
import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
from comparing import given
from openrlhf.utils.agent import SingleTurnAgentExecutor
from PIL import Image
from qwen import image_tokens
from transformers import AutoProcessor

from recipe.rewards import accuracy_reward, format_reward
from recipe.rewards import trainers as ours


class Engine:
    """Stands in for vLLM: replies with a given text."""

    def __init__(self, tokenizer: Any, reply: str) -> None:
        self._ids, self._reply = tokenizer(reply + "<|im_end|>")["input_ids"], reply

    async def generate(self, prompt: Sequence[int], sampling: Any, multi_modal_data: Any = None) -> Any:
        reply = SimpleNamespace(token_ids=self._ids, text=self._reply, finish_reason="stop", logprobs=None)
        return SimpleNamespace(outputs=[reply])


async def rewarded(row: dict[str, Any], images: list[Image.Image], reply: str) -> dict[str, Any]:
    """What OpenRLHF records of one reply to one row."""
    parts = [*({"type": "image"} for _ in images), {"type": "text", "text": row["question"]}]
    chat = [{"role": "user", "content": parts}]
    prompt = processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    engine = Engine(processor.tokenizer, reply)
    sampling = SimpleNamespace(max_tokens=64, logprobs=None)
    return dict(await executor.execute(prompt, row["answer"], sampling, 1024, processor, engine, images))


folder, truth = given()
processor = AutoProcessor.from_pretrained(os.environ["TINY_QWEN"])
executor = SingleTurnAgentExecutor(ours.__file__)
pad = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")
count = 0
shards = [pq.read_table(path) for path in sorted((folder / "data").glob("test-*"))]
pictures = {row["id"]: row["images"] for shard in shards for row in shard.to_pylist()}
for row in truth["test"]:
    images = [Image.open(io.BytesIO(image["bytes"])).convert("RGB") for image in pictures[row["id"]]]
    said = [f"<think>I see.</think><answer>{option}</answer>" for option in (*row["options"], *"ABC")]
    said += [row["answer"], f"{row['answer_text']}.", "Sorry.", ""]
    number = len(said)
    exact = accuracy_reward(said, answer=[row["answer"]] * number, options=[row["options"]] * number)
    expected = [0.5 * form + 0.5 * right for form, right in zip(format_reward(said), exact, strict=True)]
    assert {0.0, 0.5, 1.0} == set(expected)
    for reply, reward in zip(said, expected, strict=True):
        found = asyncio.run(rewarded(row, images, reply))
        assert found["observation_tokens"].count(pad) == image_tokens(row["images"])
        assert found["reward"] is not None, "OpenRLHF could not call the reward"
        assert float(found["reward"]) == reward, (reply, float(found["reward"]), reward)
        count += 1
version = importlib.metadata.version("openrlhf")
rows = len(truth["test"])
print(f"OpenRLHF {version}: its executor calls our rewards for {count} replies to {rows} rows; all are right")
