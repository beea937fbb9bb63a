"""Rewards for GRPO, in TRL's form: ``(completions, **columns) -> list[float]``, each value in [0, 1].

Name them in a TRL config by their dotted paths::

    reward_funcs: [recipe.rewards.format_reward, recipe.rewards.accuracy_reward]
    reward_weights: [0.5, 0.5]

This is the paper's reward: 0.5 for the format, 0.5 for the exact answer.
"""

from recipe.rewards.answers import read_answer
from recipe.rewards.claims import reasoning_reward
from recipe.rewards.groups import group_reward
from recipe.rewards.outcome import accuracy_reward, angle_reward, format_reward

__all__ = ["accuracy_reward", "angle_reward", "format_reward", "group_reward", "read_answer", "reasoning_reward"]
