"""The public API as its first users call it, in an empty directory, with no set-up."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_the_walkthrough_of_the_public_api_holds(tmp_path: Path) -> None:
    script = HERE / "walkthrough.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the walkthrough holds" in done.stdout
