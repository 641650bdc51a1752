"""Why a canary waits, in the words of an error."""

from regolo_git.errors import RegoloError
from regolo_git.system_errors import reason_of


def reason(error: RegoloError | OSError) -> str:
    """What keeps a canary waiting."""
    return error.message if isinstance(error, RegoloError) else reason_of(error)


def reason_with_hint(error: RegoloError | OSError) -> str:
    """What keeps a commit waiting, with the command that helps, if there is one."""
    hint = error.hint if isinstance(error, RegoloError) else None
    return f"{reason(error)} (hint: {hint})" if hint else reason(error)
