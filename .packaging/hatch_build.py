"""Puts the manual pages into the wheel: hatchling runs this when it builds one."""

import shutil
import tempfile
from pathlib import Path
from runpy import run_path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface):
    """Writes the pages outside the source tree, and names the places where they are installed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        if self.target_name != "wheel":
            return
        write_pages = run_path(str(Path(self.root, ".packaging", "manual_pages.py")))["write_pages"]
        self._folder = Path(tempfile.mkdtemp())
        for page in write_pages(Path(self.root), self.metadata.version, self._folder):
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's
        if self.target_name == "wheel":
            shutil.rmtree(self._folder)
