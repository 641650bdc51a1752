"""What a file that describes itself takes and answers; its loader does not know the arrays' shapes."""

from collections.abc import Mapping
from dataclasses import dataclass

VALUES_LIMIT = 1 << 12


@dataclass(frozen=True, slots=True)
class FileInterface:
    """The inputs and outputs of a model, each as its name and its form, such as `FLOAT [N, 3]`.

    `answers` is the class of what answers, if the file has objects of classes.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    answers: str | None = None
