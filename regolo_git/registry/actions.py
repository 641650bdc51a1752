"""What a commit of an environment or endpoint says: a sentence, then trailers that tools can read."""

from collections.abc import Mapping


def action_message(said: str | None, otherwise: str, action: str, trailers: Mapping[str, str | None]) -> str:
    """The commit message: what was said, or `otherwise`; then the trailers that have a value."""
    lines = [f"Regolo-Action: {action}"]
    lines += [f"{key}: {value}" for key, value in trailers.items() if value is not None]
    return ((said or "").strip() or otherwise) + "\n\n" + "\n".join(lines) + "\n"
