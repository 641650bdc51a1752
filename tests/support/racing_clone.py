"""A program: commits and pushes versions from one clone, as fast as it can.  Its arguments: clone, model, count."""

import sys
from pathlib import Path

from regolo_git.api import Registry
from regolo_git.registry.sync.push import push


def main(top: str, model: str, count: str) -> None:
    for number in range(int(count)):
        with Registry.open(Path(top)) as registry:
            registry.create_model_version(model, model_data=f"{top} {number}".encode())
        with Registry.open(Path(top)) as registry:
            push(registry.handle)


if __name__ == "__main__":
    main(*sys.argv[1:])
