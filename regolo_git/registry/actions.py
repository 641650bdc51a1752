"""What a commit of an environment or endpoint says: a sentence, then trailers that tools can read."""

from collections.abc import Mapping


def action_message(subject: str, action: str, trailers: Mapping[str, str | None]) -> str:
    """The commit message: the subject as given, `Regolo-Action` and the trailers that have a value."""
    lines = [f"Regolo-Action: {action}"]
    lines += [f"{key}: {value}" for key, value in trailers.items() if value is not None]
    return subject.strip() + "\n\n" + "\n".join(lines) + "\n"
