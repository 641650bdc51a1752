"""Runs the engine on a folder, as the command line would on a registry; the first argument is JSON."""

import json
import sys
from pathlib import Path

from folder_source import FolderSource

from regolo_git.errors import RegoloError
from regolo_git.serving.gateway.limits import GatewayLimits
from regolo_git.serving.local import serve
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.policy import Policy


def main() -> None:
    given = json.loads(sys.argv[1])
    policy = Policy.load(Path(given["policy"])) if "policy" in given else Policy()
    options = ServeOptions(
        common_directory=Path(given["common"]),
        listen=given.get("listen", "127.0.0.1:0"),
        policy=policy,
        limits=GatewayLimits(**given.get("limits", {})),
        **given.get("options", {}),
    )
    try:
        serve(
            FolderSource(Path(given["folder"])),
            given.get("endpoints", []),
            options,
            say=lambda line: print(line, file=sys.stderr, flush=True),
            listening=lambda address: print(address, flush=True),
        )
    except RegoloError as error:
        print(f"{type(error).__name__}: {error.message}", file=sys.stderr)
        print(f"hint: {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
