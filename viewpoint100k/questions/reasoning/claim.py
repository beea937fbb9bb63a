"""What a reasoning text says, as data: one claim for each statement that can be true or false."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANSWER", "FINAL_ANSWER", "FORMAT", "SETTING", "UNRECOGNISED", "Claim"]

SETTING = "setting"
"""Kind of a sentence that introduces the images, and holds of every row."""
ANSWER = "answer"
"""Kind of a statement of the answer inside the reasoning; its value is the option's letter, if any."""
FINAL_ANSWER = "final_answer"
"""Kind of what stands between the answer tags."""
FORMAT = "format"
"""Kind of a text that is not ``<think>…</think><answer>…</answer>``."""
UNRECOGNISED = "unrecognised"
"""Kind of a sentence that the grammar does not hold, so that nobody has checked it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a reasoning text.

    A reward takes the claims with `checkable` and asks `viewpoint100k.questions.reasoning.judge` which are true.
    """

    kind: str
    """A fact of the phrase table, such as ``yaw`` or ``shift_x``, or one of the kinds above."""
    text: str
    """The words that make it, as written."""
    value: str = ""
    """What is claimed of it, such as ``left`` or ``none``."""
    image: int = 0
    """The image that it is about, counted from 1; 0 for a fact about the first two."""
    number: float | None = None
    """Degrees, or times, where a size is given."""
    quoted: str | None = None
    """The option's text, where one is quoted."""
    because: tuple[Claim, ...] = ()
    """The claims from which the text says that this one follows."""

    @property
    def checkable(self) -> bool:
        """Whether it says something that the row can bear out or refute."""
        return self.kind not in (SETTING, UNRECOGNISED)
