"""A writer in a process of its own: publishing.py TOP MODEL FIRST COUNT [shared]: versions 1.FIRST and on.

Prints a line for each version that was made; a version that somebody else made first is left to them.
"""

import sys
from pathlib import Path

from regolo_git.errors import VersionExists
from support.git_repository import publish_version


def main() -> None:
    top, model, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for number in range(first, first + count):
        try:
            publish_version(top, model, f"1.{number}")
        except VersionExists:
            continue
        print(f"{model}@v1.{number}", flush=True)


if __name__ == "__main__":
    main()
