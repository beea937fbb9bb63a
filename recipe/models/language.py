"""The language model of the models with random weights."""

from __future__ import annotations

from typing import Any

from recipe.models.processor import END

__all__ = ["finish_generation_config", "text_config"]


def text_config(tokenizer: Any, hidden: int, layers: int, heads: int, spread: float) -> dict[str, Any]:
    """Config of a small Llama for this tokenizer; ``spread`` is the standard deviation of its initial weights."""
    return {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "max_position_embeddings": 4096,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.convert_tokens_to_ids(END),
        "tie_word_embeddings": True,
        "initializer_range": spread,
    }


def finish_generation_config(model: Any, tokenizer: Any) -> None:
    """Sets the end token of generation; without it, generation always runs to the maximum length."""
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(END)
    model.generation_config.pad_token_id = tokenizer.pad_token_id
