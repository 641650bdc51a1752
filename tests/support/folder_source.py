"""A registry that is a folder: what the engine needs of one, made of plain files, for tests in real processes.

HEAD                      the commit that the branch is at
commits/<commit>/*.toml   the endpoints' files as of a commit
changes.json              what `changes` answers: rows of action, author and message, newest first
artifacts/<hex>/<name>    each version's bytes
serving/<commit>-<version>.json  the version's serving block
"""

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from regolo_git.artifacts.disk_digest import disk_digest
from regolo_git.errors import IntegrityError, NotFound, StoreUnconfirmed
from regolo_git.records.canary import Candidate
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.routing import Routing
from regolo_git.registry.endpoints.history import EndpointEvent
from regolo_git.registry.records_at import Listing
from regolo_git.serving.desired import EndpointChanges
from regolo_git.serving.model_files import ModelFiles


class FolderSource:
    """Reads the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def head(self) -> str:
        return (self._folder / "HEAD").read_text()

    def endpoints(self, commit: str) -> Listing[Endpoint]:
        by_name, broken = {}, {}
        for file in (self._folder / "commits" / commit).glob("*.toml"):
            path = f"endpoints/{file.name}"
            try:
                by_name[file.stem] = Endpoint.parse(file.read_text(), path)
            except IntegrityError as error:
                broken[path] = error
        return Listing(by_name, broken)

    def changes(self, endpoint: str, commit: str, most: int) -> EndpointChanges:
        """Those of the file, each with the present state of the endpoint."""
        file = self._folder / "changes.json"
        rows = json.loads(file.read_text()) if file.exists() else []
        state, when = self.endpoints(commit).by_name.get(endpoint), datetime(2026, 11, 27, tzinfo=UTC)
        events = [EndpointEvent(endpoint, state, action, commit, when, by, said) for action, by, said in rows]
        return EndpointChanges(tuple(events[:most]))

    def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        place = self._folder / "artifacts" / pinned.digest.hex
        if (self._folder / "unconfirmed").exists():
            raise StoreUnconfirmed("nobody has confirmed the store", "git regolo pull --yes")
        if not place.exists():
            raise NotFound(f"the store does not have the bytes of '{model}'", "git regolo pull")
        serving = self._folder / "serving" / f"{pinned.commit}.json"
        block = json.loads(serving.read_text()) if serving.exists() else None
        return ModelFiles(next(place.iterdir()), block, pinned.digest)

    def keep_only(self, digests: Collection[Digest]) -> None:
        """Says what would go; nothing does, since the folder is no copy."""
        there = {place.name for place in (self._folder / "artifacts").iterdir()}
        gone = sorted(there - {digest.hex for digest in digests})
        (self._folder / "discarded").write_text("".join(f"{name}\n" for name in gone))


class FolderRegistry:
    """Writes the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = 0
        self._pins: dict[str, tuple[str, Digest]] = {}
        self._endpoints: dict[str, str] = {}
        for name in ("commits", "artifacts", "serving"):
            (folder / name).mkdir(parents=True)
        self._commit()

    def _next(self) -> str:
        self._number += 1
        return f"{self._number:040x}"

    def version(
        self, version: str, files: Mapping[str, str | bytes] | Path, serving: object = None
    ) -> Digest:
        """Stores a version: files of a directory, or one file that lies somewhere."""
        commit, place = self._next(), self.folder / "new"
        if isinstance(files, Path):
            place.write_bytes(files.read_bytes())
            name = files.name
        else:
            place.mkdir()
            for path, text in files.items():
                (place / path).write_bytes(text.encode() if isinstance(text, str) else text)
            name = "model"
        digest = disk_digest(place, "sha256")
        home = self.folder / "artifacts" / digest.hex
        home.mkdir(exist_ok=True)
        if not (home / name).exists():
            place.rename(home / name)
        elif place.is_dir():
            shutil.rmtree(place)
        if serving is not None:
            (self.folder / "serving" / f"{commit}.json").write_text(json.dumps(serving))
        self._pins[version] = (commit, digest)
        return digest

    def endpoint(
        self,
        name: str,
        traffic: Mapping[str, float],
        replicas: int | Mapping[str, int] = 1,
        routing: Routing | None = None,
        model: str = "m",
        shadow: Mapping[str, float] | None = None,
        candidate: str | None = None,
    ) -> str:
        """Commits an endpoint; returns the commit."""
        versions = {
            version: PinnedVersion(
                *self._pins[version], replicas if isinstance(replicas, int) else replicas[version]
            )
            for version in traffic
        }
        tried = Candidate(candidate, 0, datetime(2026, 11, 27, tzinfo=UTC)) if candidate is not None else None
        state = Endpoint(name, model, None, "local", dict(traffic), versions, routing or Routing())
        return self.file(name, replace(state, shadow=shadow or {}, candidate=tried).to_text())

    def file(self, name: str, text: str | None) -> str:
        """Commits an endpoint's file as it is, or its absence."""
        if text is None:
            del self._endpoints[name]
        else:
            self._endpoints[name] = text
        return self._commit()

    def _commit(self) -> str:
        commit = self._next()
        directory = self.folder / "commits" / commit
        directory.mkdir()
        for name, text in self._endpoints.items():
            (directory / f"{name}.toml").write_text(text)
        head = self.folder / "HEAD.new"
        head.write_text(commit)
        head.replace(self.folder / "HEAD")
        return commit
