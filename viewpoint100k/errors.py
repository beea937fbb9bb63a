"""Every error that the outside world can cause. What only this project can get wrong is an assertion."""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "AssetError",
    "BuildError",
    "DataError",
    "MissingExtraError",
    "QuestionRefusedError",
    "RendererError",
    "UsageError",
    "ViewpointError",
]


class ViewpointError(Exception):
    """Root of this project's errors. Its text is one sentence for a person: what is wrong, where, and the way out."""

    exit_code = 1


class UsageError(ViewpointError):
    """The command, the config or the input folder cannot be used as given."""

    exit_code = 2


class MissingExtraError(UsageError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        checkout = Path(__file__).parents[1]
        of = f"-e '{checkout}[{extra}]'" if (checkout / "pyproject.toml").is_file() else f"'viewpoint100k[{extra}]'"
        super().__init__(f"{package} is not installed: run  pip install {of}")
        self._arguments = (package, extra)

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return MissingExtraError, self._arguments  # A worker sends it to its parent.


class AssetError(ViewpointError):
    """One asset cannot be used. It is dropped, counted under ``reason``, and the build goes on."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """A reason code: short, snake_case, such as ``texture_missing``."""

    def __reduce__(self) -> tuple[type[AssetError], tuple[str, str]]:
        return AssetError, (self.reason, str(self))


class QuestionRefusedError(ViewpointError):
    """A question type cannot be asked of a pair of cameras."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """A reason code, such as ``too_close_to_boundary``."""

    def __reduce__(self) -> tuple[type[QuestionRefusedError], tuple[str, str]]:
        return QuestionRefusedError, (self.reason, str(self))


class RendererError(ViewpointError):
    """No OpenGL context, or one that is not what was asked for."""


class BuildError(ViewpointError):
    """The build cannot go on, or cannot reach the number of rows that was asked for."""


class DataError(ViewpointError):
    """A finished data set is not what it says it is."""
