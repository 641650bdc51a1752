"""Runs the engine on a folder, as the command line would on a registry; the first argument is JSON."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from regolo_git.errors import RegoloError
from regolo_git.serving.local.engine import serve
from regolo_git.serving.options import GatewayLimits, ServeOptions
from regolo_git.serving.policy import Allowed, Policy
from regolo_git.serving.policy_file import load_policy
from support.folder_source import FolderSource


def main() -> None:
    given = json.loads(sys.argv[1])
    policy = load_policy(Path(given["policy"])) if "policy" in given else Policy()
    # What measures the tests' coverage measures the children's, too.
    policy = replace(policy, everywhere=policy.everywhere | Allowed(environment=frozenset({"COVERAGE*"})))
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
    chosen = given.get("options", {})
    chosen["environment"] = {**measured, **chosen.get("environment", {})}
    options = ServeOptions(
        common_directory=Path(given["common"]),
        listen=given.get("listen", "127.0.0.1:0"),
        policy=policy,
        limits=GatewayLimits(**given.get("limits", {})),
        **chosen,
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
