"""Models with random weights: inputs and outputs, saving and loading, and the comparison of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("trl", reason="the [train] extra is not installed")
torch = pytest.importorskip("torch", reason="the [train] extra is not installed")

from datasets import Dataset  # noqa: E402

from recipe.demo.eyes import lower_voice, open_eyes  # noqa: E402
from recipe.models.pair_encoder import PairEncoder, PairEncoderShape, correlation  # noqa: E402
from recipe.models.pair_model import SmallShape, build_small  # noqa: E402
from recipe.models.tiny import build_tiny  # noqa: E402

TEXTS = ["Which way did the camera move?\nA. Left\nB. Right", "<think>It moved.</think><answer>B</answer>"]


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8))


def conversation(processor: Any, images: list[list[Image.Image]]) -> Any:
    asked = [
        {"role": "user", "content": [*({"type": "image"} for _ in row), {"type": "text", "text": TEXTS[0]}]}
        for row in images
    ]
    texts = [processor.apply_chat_template([one], add_generation_prompt=True) for one in asked]
    return processor(images=images, text=texts, padding=True, return_tensors="pt")


@pytest.fixture(scope="module", params=["tiny", "small"])
def built(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return (build_tiny if request.param == "tiny" else build_small)(TEXTS)


def test_tags_are_text_and_survive_decoding(built: tuple[Any, Any]) -> None:
    tokenizer = built[1].tokenizer
    assert tokenizer.decode(tokenizer(TEXTS[1])["input_ids"], skip_special_tokens=True) == TEXTS[1]


def test_words_that_were_never_seen_can_be_written(built: tuple[Any, Any]) -> None:
    tokenizer = built[1].tokenizer
    assert tokenizer.decode(tokenizer("zwölf 方向")["input_ids"]) == "zwölf 方向"


def test_a_saved_model_answers_as_before(built: tuple[Any, Any], tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model, processor = built
    for part in built:
        part.save_pretrained(tmp_path)
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path).eval()
    again = AutoProcessor.from_pretrained(tmp_path)
    images = [[picture(0), picture(1)], [picture(2), picture(3)]]
    with torch.no_grad():
        before = model.eval()(**conversation(processor, images)).logits
        after = loaded(**conversation(again, images)).logits
    assert type(loaded) is type(model)
    torch.testing.assert_close(before, after)


def test_the_same_seed_gives_the_same_model() -> None:
    weights = [build_small(TEXTS, seed=seed)[0].model.vision_model.stem[0][0].weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_generation_sees_the_images(built: tuple[Any, Any]) -> None:
    model, processor = built
    logits = [model.eval()(**conversation(processor, [[picture(0), picture(other)]])).logits[0, -1] for other in (1, 2)]
    assert not torch.allclose(*logits)


def test_rows_of_one_two_and_four_images_go_together() -> None:
    model, processor = build_small(TEXTS)
    rows = [[picture(0)], [picture(1), picture(2)], [picture(place) for place in range(3, 7)]]
    together = model.eval()(**conversation(processor, rows)).logits[:, -1]
    for place, row in enumerate(rows):
        alone = model(**conversation(processor, [row])).logits[0, -1]
        torch.testing.assert_close(together[place], alone, atol=1e-4, rtol=1e-4)


def test_an_image_is_compared_with_the_one_before_it_and_with_no_other() -> None:
    encoder = PairEncoder(PairEncoderShape()).eval()
    images = torch.rand(3, 3, 64, 64)
    tokens = encoder(images, torch.tensor([0, 0, 1]))
    changed = images.clone()
    changed[1] = torch.rand(3, 64, 64)
    again = encoder(changed, torch.tensor([0, 0, 1]))
    assert torch.equal(tokens[0], again[0])
    assert not torch.allclose(tokens[1], again[1])
    assert not torch.allclose(tokens[2], again[2])
    torch.testing.assert_close(
        encoder(images, torch.tensor([0, 0, 0]))[2], encoder(changed, torch.tensor([0, 0, 0]))[2]
    )


def test_the_best_match_is_at_the_displacement_by_which_the_image_moved() -> None:
    there = torch.randn(1, 16, 12, 12)
    # The content at (row, column) is one row lower and three columns to the left in the other image.
    here = there.roll((-1, 3), (2, 3))
    best = correlation(here, there, (2, 5)).argmax(dim=1)[0]
    wanted = (2 + 1) * (2 * 5 + 1) + (5 - 3)
    assert (best[:-1, 3:] == wanted).all()


def test_the_correlation_is_the_cosine_of_the_displaced_features() -> None:
    here, there = torch.randn(2, 8, 6, 7), torch.randn(2, 8, 6, 7)
    near = correlation(here, there, (1, 2))
    cosine = torch.nn.functional.cosine_similarity(here[1, :, 3, 2], there[1, :, 4, 0], dim=0)
    torch.testing.assert_close(near[1, 2 * 5 + 0, 3, 2], cosine)
    assert near[0, 0, 0, 0] == 0, "outside the image there is nothing to match"


def test_what_was_worked_out_while_generating_serves_training() -> None:
    here, before = torch.rand(2, 8, 5, 7, requires_grad=True), torch.rand(2, 8, 5, 7)
    with torch.inference_mode():
        correlation(here.detach(), before, (1, 2))
    correlation(here, before, (1, 2)).sum().backward()
    assert here.grad is not None


def test_the_small_model_has_the_size_it_says() -> None:
    model, _ = build_small(TEXTS, SmallShape())
    assert 1e6 < sum(weight.numel() for weight in model.parameters()) < 5e6


@pytest.mark.slow
def test_the_encoder_learns_which_way_a_picture_moved() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for place in range(256):
        wide = np.kron(rng.integers(0, 256, (16, 20, 3), np.uint8), np.ones((4, 4, 1), np.uint8))
        left, right = Image.fromarray(wide[:, :64]), Image.fromarray(wide[:, 16:])
        moved_right = place % 2 == 0
        images = [left, right] if moved_right else [right, left]
        rows.append({"images": images, "relative": {"translation_x": 1.0 if moved_right else -1.0}})
    model, processor = build_small(TEXTS)
    shares = open_eyes(model.model.vision_model, processor, Dataset.from_list(rows), rounds=12, seed=0)
    assert shares[0] < 0.75
    assert shares[-1] > 0.95
    pixels = processor.image_processor([row["images"] for row in rows[:64]], return_tensors="pt")["pixel_values"]
    before = model.model.get_image_features(pixels).last_hidden_state
    lower_voice(model, processor, Dataset.from_list(rows[:64]))
    after = model.model.get_image_features(pixels).last_hidden_state
    torch.testing.assert_close(after / after.norm(), before / before.norm())
    seconds = after.unflatten(0, (64, 2))[:, 1].norm(dim=-1).mean()
    torch.testing.assert_close(seconds, model.get_input_embeddings().weight.norm(dim=-1).mean())
