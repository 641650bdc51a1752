"""The lines that git and servers write while they work: progress, messages of the server, and the rest."""

import re

from regolo_git.git.remote.transport import GitProgress, OnGitProgress

OF_SERVER = "remote: "
LINE_END = re.compile(rb"[\r\n]")
# "Receiving objects:  45% (45/100), 1.20 MiB | 1.10 MiB/s", "Enumerating objects: 3, done."
PHASE = re.compile(r"([A-Z][a-z]+(?: [a-z]+)*):\s+(?:\d+% \((\d+)/(\d+)\)|(\d+)(?:,|$))")
KEPT = 200  # of the last lines; a server can write without end


class Lines:
    """Sorts lines as their bytes arrive; all of them are the server's if they are not `mixed` with git's."""

    def __init__(self, on_progress: OnGitProgress, *, mixed: bool = True) -> None:
        self.on_progress = on_progress
        self._mixed = mixed
        self._rest = b""
        self.said: list[str] = []
        self.own: list[str] = []

    def feed(self, data: bytes) -> None:
        """Takes the bytes that came next."""
        *lines, self._rest = LINE_END.split(self._rest + data)
        for line in lines:
            self._take(line.decode("utf-8", "replace").rstrip())

    def end(self) -> None:
        """Takes what has no line end."""
        self.feed(b"\n")

    def _take(self, line: str) -> None:
        text = line.removeprefix(OF_SERVER).removesuffix("\x1b[K").rstrip()
        if (found := PHASE.match(text)) is not None:
            phase, done, total, alone = found.groups()
            self.on_progress(GitProgress(phase, int(alone or done), int(total) if total else None))
            return
        kept = self.said if line.startswith(OF_SERVER) or not self._mixed else self.own
        if text and text != "remote:":
            kept.append(text)
            del kept[:-KEPT]
