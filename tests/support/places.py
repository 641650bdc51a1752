"""Where the project's files are."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
GOLDEN = TESTS / "golden"
DOCS = ROOT / "regolo_git" / "docs"
PYTHONPATH = f"{ROOT}{os.pathsep}{TESTS}"  # for processes of their own that use these modules
