"""A request that the gateway refuses.

Not part of the tree in `errors.py`: it is the ordinary answer to a bad request, and only the gateway sees it.
"""

from regolo_git.serving.local.http_answer import HttpAnswer, error_answer

RETRY_AFTER = ((b"retry-after", b"1"),)


class Refusal(Exception):
    """Why a request is not forwarded (`reason`, for the counters) and the answer to its caller."""

    def __init__(self, reason: str, answer: HttpAnswer) -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


def refuse(reason: str, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Refusal:
    """A refusal; 429 and 503 tell the caller when to retry."""
    headers += RETRY_AFTER if status in (429, 503) else ()
    return Refusal(reason, error_answer(status, reason.upper(), message, headers))
