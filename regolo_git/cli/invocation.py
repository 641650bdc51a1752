"""One run of the command line: what the options before the command said."""

from dataclasses import dataclass


@dataclass(slots=True)
class Invocation:
    """`debug` shows where an error comes from."""

    debug: bool = False
