"""The statements of a reasoning text as data: one claim for each statement that can be true or false."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANSWER", "FINAL_ANSWER", "FORMAT", "SETTING", "UNRECOGNISED", "Claim"]

SETTING = "setting"
"""Kind of a sentence that introduces the images. It is true for every row."""
ANSWER = "answer"
"""Kind of a statement of the answer inside the reasoning. Its value is the option's letter, if any."""
FINAL_ANSWER = "final_answer"
"""Kind of the text between the answer tags."""
FORMAT = "format"
"""Kind of a text that is not ``<think>…</think><answer>…</answer>``."""
UNRECOGNISED = "unrecognised"
"""Kind of a sentence that the grammar does not contain. It is not checked."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a reasoning text.

    A reward uses the claims with `checkable`. `viewpoint100k.questions.reasoning.judge` decides which are true.
    """

    kind: str
    """A fact of the phrase table, such as ``yaw`` or ``shift_x``, or one of the kinds above."""
    text: str
    """The words of the claim, as written."""
    value: str = ""
    """The claimed value, such as ``left`` or ``none``."""
    image: int = 0
    """The image that the claim is about, counted from 1; 0 for a claim about the first two images."""
    number: float | None = None
    """The stated size, in degrees or as a factor; None if there is none."""
    quoted: str | None = None
    """The quoted text of the option, if any."""
    because: tuple[Claim, ...] = ()
    """The premises: claims from which, according to the text, this claim follows."""

    @property
    def checkable(self) -> bool:
        """True if the row can confirm or refute the claim."""
        return self.kind not in (SETTING, UNRECOGNISED)
