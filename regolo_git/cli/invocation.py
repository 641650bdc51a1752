"""One run of the command line: what was typed, and what the options before the command said."""

import shlex
from dataclasses import dataclass


@dataclass(slots=True)
class Invocation:
    """`debug` shows where an error comes from."""

    debug: bool = False
    arguments: tuple[str, ...] = ()

    def again_with(self, option: str) -> str:
        """The same command line with one option more, as it can be typed."""
        end = self.arguments.index("--") if "--" in self.arguments else len(self.arguments)
        return shlex.join(["git", "regolo", *self.arguments[:end], option, *self.arguments[end:]])
