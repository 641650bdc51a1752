"""Builds a large registry for measurements: the same one for the same arguments.

    python make_registry.py DIR --models 1000 --versions 100 --recipes 10000 --endpoints 100 --promotions 2000
    python make_registry.py DIR --models 1 --versions 10000 --recipes 1000

The history is written by `git fast-import` and the store file by file, both as docs/format.md has them and
without the writers of regolo_git, so that a list, a check or a rollback here reads what the page promises.
Version v of every model comes before version v+1 of any; promotions and changes of endpoints are spread
between them.  RECIPES of the versions have bytes in the store, evenly spread; the others have a manifest with
the digests of bytes that are elsewhere.  Endpoints serve, and environments have, versions with bytes.

Odd models are one file, even ones a directory of three, of which one changes with each version; each file is
a chunk, so versions share chunks.  Tags are packed, as after a clone.  A work tree is checked out unless
--no-checkout is given.
"""

import argparse
import hashlib
import os
import random
import struct
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

START = 1_600_000_000
AUTHOR = "Ada Byron <ada@example.com>"
FILES = ("config.json", "model.bin", "tokenizer.json")
ENVIRONMENTS = ("staging", "production")
TAG_OBJECT = 4


@dataclass(frozen=True)
class Version:
    """One version: its place in a manifest, and the bytes that it has in the store, if any."""

    model: str
    number: str
    parent: str | None
    kind: str
    files: tuple[tuple[str, int, str], ...]  # path, size, SHA-256
    digest: str
    recipe: str
    size: int
    stored: bool
    accuracy: float

    def manifest(self) -> str:
        parents = f'parents = ["{self.parent}"]\n' if self.parent else ""
        listed = ""
        if self.kind == "directory":
            listed = "\n[files]\n" + "".join(
                f'"{path}" = {{ size = {size}, sha256 = "{digest}" }}\n' for path, size, digest in self.files
            )
        return (
            f'format = 1\nmodel = "{self.model}"\nversion = "{self.number}"\n{parents}\n[artifact]\n'
            f'kind = "{self.kind}"\ndigest = "sha256:{self.digest}"\nsize = {self.size}\n'
            f'recipe = "blake3:{self.recipe}"\n{listed}\n[metadata]\naccuracy = {self.accuracy}\nepochs = 3\n'
            f'experiment = "run-{self.number}"\n'
        )


@dataclass
class Store:
    """Writes chunks and recipes; a chunk that several versions share is written once."""

    top: Path
    chunks: set[str] = field(default_factory=set)

    def put(self, kind: str, address: str, data: bytes) -> None:
        place = self.top / kind / address[:2]
        place.mkdir(parents=True, exist_ok=True)
        (place / address).write_bytes(data)

    def put_artifact(self, kind: str, contents: list[tuple[str, bytes]]) -> str:
        """Cuts as `tensor-aligned-1` cuts small files, and returns the address of the recipe."""
        chunks: list[bytes] = [b""]
        for _, data in contents:
            chunks[-1] += data
            if blake3(data).digest()[0] & 7 == 0:
                chunks.append(b"")
        named = [(blake3(chunk).hexdigest(), chunk) for chunk in chunks if chunk]
        for address, chunk in named:
            if address not in self.chunks:
                self.chunks.add(address)
                self.put("chunks", address, chunk)
        files = ",".join(
            f'{{"digest":"sha256:{hashlib.sha256(data).hexdigest()}","mode":420,"path":"{path}","size":{len(data)}}}'
            for path, data in contents
        )
        pairs = ",".join(f'["{address}",{len(chunk)}]' for address, chunk in named)
        recipe = (
            f'{{"chunking":"tensor-aligned-1","chunks":[{pairs}],"files":[{files}],"format":1,'
            f'"kind":"{kind}","tensors":[]}}\n'
        ).encode()
        address = blake3(recipe).hexdigest()
        self.put("recipes", address, recipe)
        return address


def model_name(number: int) -> str:
    return f"team-{number % 7}/model-{number:05d}" if number % 5 == 0 else f"model-{number:05d}"


def versions(models: int, count: int, recipes: int, store: Store) -> Iterator[Version]:
    """Every version, in the order of the history."""
    total = models * count
    for at in range(total):
        turn, number = divmod(at, models)
        model, kind = model_name(number), "file" if number % 2 else "directory"
        # Shifted by the turn, so that every model has some versions with bytes.
        place = turn * models + (number + turn) % models
        stored = (place + 1) * recipes // total > place * recipes // total
        chance = random.Random(f"{model} {turn}")
        contents = _contents(model, kind, turn)
        files = tuple((path, len(data), hashlib.sha256(data).hexdigest()) for path, data in contents)
        digest = files[0][2]
        if kind == "directory":
            digest = hashlib.sha256("".join(f"{d}  {p}\n" for p, _, d in files).encode()).hexdigest()
        yield Version(
            model=model,
            number=f"1.{turn}",
            parent=f"1.{turn - 1}" if turn else None,
            kind=kind,
            files=files,
            digest=digest,
            recipe=store.put_artifact(kind, contents) if stored else blake3(digest.encode()).hexdigest(),
            size=sum(size for _, size, _ in files),
            stored=stored,
            accuracy=round(chance.uniform(0.5, 0.99), 4),
        )


def _contents(model: str, kind: str, turn: int) -> list[tuple[str, bytes]]:
    if kind == "file":
        return [("", random.Random(f"{model} {turn}").randbytes(300))]
    # File i changes at the turns i, i + 3, i + 6 ...
    return [
        (path, _own_chunk(f"{model} {path} {max(turn - (turn - place) % 3, 0)}", 200 + 50 * place))
        for place, path in enumerate(FILES)
    ]


def _own_chunk(seed: str, size: int) -> bytes:
    """Random bytes after which `tensor-aligned-1` ends a chunk."""
    chance = random.Random(seed)
    while True:
        data = chance.randbytes(size)
        if blake3(data).digest()[0] & 7 == 0:
            return data


class FastImport:
    """A running `git fast-import`; commits are numbered by marks from 1."""

    def __init__(self, top: Path) -> None:
        command = ["git", "-c", "core.fsync=none", "fast-import", "--quiet", "--cat-blob-fd=1"]
        self._process = subprocess.Popen(
            [*command, "--export-marks=.git/regolo-marks"],
            cwd=top, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._first = True
        self.top = top
        self.commits = 0

    def commit(self, message: str, files: dict[str, str]) -> int:
        """Commits files to main; returns the mark of the commit."""
        self.commits += 1
        text, out = f"{message}\n".encode(), self._process.stdin
        out.write(
            f"commit refs/heads/main\nmark :{self.commits}\ncommitter {AUTHOR} {self.time(self.commits)} +0000\n"
            f"data {len(text)}\n".encode()
            + text
        )
        if self._first:
            out.write(b"from refs/heads/main^0\n")
            self._first = False
        for path, content in files.items():
            data = content.encode()
            out.write(f"M 644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        out.write(b"\n")
        return self.commits

    def time(self, mark: int) -> int:
        return START + 60 * mark

    def name(self, mark: int) -> str:
        """The id of a commit that was just made."""
        self._process.stdin.write(f"get-mark :{mark}\n".encode())
        self._process.stdin.flush()
        return self._process.stdout.readline().decode().strip()

    def finish(self) -> list[str]:
        """Ends the import; the commits by mark, with nothing at 0."""
        self._process.stdin.close()
        if self._process.wait() != 0:
            sys.exit("git fast-import failed")
        marks = self.top / ".git/regolo-marks"
        found = [""] * (self.commits + 1)
        for line in marks.read_text().splitlines():
            mark, commit = line.split()
            found[int(mark[1:])] = commit
        marks.unlink()
        return found


class Operations:
    """Promotions and endpoints, spread over a history of TOTAL versions."""

    def __init__(self, importer: FastImport, total: int, promotions: int, endpoints: int) -> None:
        self._importer, self._total = importer, total
        self._promotions, self._endpoints = promotions, endpoints
        self._served: dict[str, tuple[str, Version, str]] = {}  # model: its endpoint, version and commit
        self._promoted = 0
        self._changed = 0

    def after(self, at: int, version: Version, mark: int) -> None:
        """Makes the changes that are due after version AT of the history, which has bytes."""
        share = (at + 1) / self._total
        if self._promoted < self._promotions * share:
            self._promote(version, self._importer.name(mark))
        # All endpoints are created in the first half, and changed four times each in all of it.
        if version.model not in self._served and len(self._served) < self._endpoints * min(1, 2 * share):
            self._create(version, self._importer.name(mark))
        elif version.model in self._served and self._changed < 4 * self._endpoints * share:
            self._move(version, self._importer.name(mark))

    def _promote(self, version: Version, commit: str) -> None:
        environment = ENVIRONMENTS[self._promoted % 2]
        text = (
            f'format = 1\nmodel = "{version.model}"\nenvironment = "{environment}"\nversion = "{version.number}"\n'
            f'commit = "{commit}"\ndigest = "sha256:{version.digest}"\nreplicas = 2\n'
        )
        message = (
            f"promote {version.model}@{version.number} to {environment}\n\nRegolo-Action: promote\n"
            f"Regolo-Environment: {environment}\nRegolo-To: {version.model}@{version.number}"
        )
        self._importer.commit(message, {f"environments/{environment}/{version.model}.toml": text})
        self._promoted += 1

    def _create(self, version: Version, commit: str) -> None:
        name = f"ep-{len(self._served):05d}"
        self._served[version.model] = name, version, commit
        self._put(name, {version: 1.0}, {version: commit}, "create-endpoint")

    def _move(self, version: Version, commit: str) -> None:
        """A tenth of the traffic first, then all of it."""
        name, before, held = self._served[version.model]
        self._put(name, {before: 0.9, version: 0.1}, {before: held, version: commit}, "traffic")
        self._put(name, {version: 1.0}, {version: commit}, "traffic")
        self._served[version.model] = name, version, commit
        self._changed += 1

    def _put(self, name: str, shares: dict[Version, float], commits: dict[Version, str], action: str) -> None:
        model = next(iter(shares)).model
        traffic = "".join(f'"{v.number}" = {share}\n' for v, share in shares.items())
        pins = "".join(
            f'\n[versions."{v.number}"]\ncommit = "{commits[v]}"\ndigest = "sha256:{v.digest}"\nreplicas = 1\n'
            for v in shares
        )
        text = (
            f'format = 1\nendpoint = "{name}"\nmodel = "{model}"\nengine = "local"\n\n[traffic]\n{traffic}{pins}'
        )
        split = " ".join(f"{v.number}={share:.0%}" for v, share in shares.items())
        message = f"{action} {name}\n\nRegolo-Action: {action}\nRegolo-Endpoint: {name}\nRegolo-To: {split}"
        self._importer.commit(message, {f"endpoints/{name}.toml": text})


def tag_objects(tagged: list[tuple[Version, int]], commits: list[str], importer: FastImport) -> Iterator[tuple[str, bytes, str]]:
    """The name, bytes and commit of every tag."""
    for version, mark in tagged:
        manifest = version.manifest().encode()
        blob = hashlib.sha1(b"blob %d\0" % len(manifest) + manifest).hexdigest()
        name = f"{version.model}@v{version.number}"
        message = (
            f"{version.model}@{version.number}\n\nRegolo-Model: {version.model}\nRegolo-Version: {version.number}\n"
            f"Regolo-Manifest: {blob}\nRegolo-Digest: sha256:{version.digest}\nRegolo-Size: {version.size}\n"
        )
        head = f"object {commits[mark]}\ntype commit\ntag {name}\ntagger {AUTHOR} {importer.time(mark)} +0000\n\n"
        yield name, (head + message).encode(), commits[mark]


def write_tags(top: Path, tags: list[tuple[str, bytes, str]]) -> None:
    """Stores the tag objects in a pack and their refs in packed-refs.

    `git fast-import` and `git tag` would write a file for each ref, and packing a hundred thousand of them
    takes half a minute.
    """
    pack = [b"PACK" + struct.pack(">II", 2, len(tags))]
    for _, data, _ in tags:
        size = len(data)
        head = [TAG_OBJECT << 4 | size & 15]
        size >>= 4
        while size:
            head[-1] |= 0x80
            head.append(size & 0x7F)
            size >>= 7
        pack += [bytes(head), zlib.compress(data, 1)]
    whole = b"".join(pack)
    subprocess.run(
        ["git", "-c", "core.fsync=none", "index-pack", "--stdin"],
        cwd=top, input=whole + hashlib.sha1(whole).digest(), check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    subprocess.run(["git", "pack-refs", "--all"], cwd=top, check=True)
    packed = top / ".git/packed-refs"
    header, *held = packed.read_text().splitlines()
    lines = {line.split()[1]: line for line in held if not line.startswith("^")}
    for name, data, commit in tags:
        oid = hashlib.sha1(b"tag %d\0" % len(data) + data).hexdigest()
        lines[f"refs/tags/{name}"] = f"{oid} refs/tags/{name}\n^{commit}"
    ordered = (lines[name] for name in sorted(lines, key=str.encode))
    packed.write_text("\n".join([header, *ordered, ""]))


def use_fixed_id(top: Path) -> None:
    """Gives the registry an id that is the same each time, where `init` chose one at random."""
    config = top / ".regolo/config.toml"
    config.write_text(re.sub(r'(?m)^id = "\w+"$', f'id = "{"0" * 16}"', config.read_text()))
    subprocess.run(["git", "commit", "-q", "--amend", "--no-edit", "--all"], cwd=top, check=True)


@contextmanager
def at_the_start() -> Iterator[None]:
    """A block whose commits are the first by date; a later commit dated so is older than its whole history."""
    before = dict(os.environ)
    os.environ.update({f"GIT_{role}_DATE": f"{START} +0000" for role in ("AUTHOR", "COMMITTER")})
    try:
        yield
    finally:
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            os.environ.pop(name)
        os.environ.update(before)


def make_registry(
    top: Path, *, models: int, versions_each: int, recipes: int, endpoints: int, promotions: int, checkout: bool = True
) -> None:
    """Builds the registry at TOP, which must not exist."""
    import regolo_git

    subprocess.run(["git", "init", "-q", "-b", "main", str(top)], check=True)
    for key, value in (("user.name", "Ada Byron"), ("user.email", "ada@example.com"), ("gc.auto", "0")):
        subprocess.run(["git", "config", key, value], cwd=top, check=True)
    with at_the_start():
        regolo_git.init(top).close()
        use_fixed_id(top)
    store = Store(top / ".git/regolo/store")
    importer = FastImport(top)
    total, tagged = models * versions_each, []
    operations = Operations(importer, total, promotions, endpoints)
    for at, version in enumerate(versions(models, versions_each, recipes, store)):
        files = {f"models/{version.model}/manifest.toml": version.manifest()}
        if version.parent is None:
            files[f"models/{version.model}/model.toml"] = "format = 1\nzero_patch = false\n"
        verb = "add" if version.parent else "register"
        mark = importer.commit(f"{verb} {version.model}@{version.number}", files)
        tagged.append((version, mark))
        if version.stored:
            operations.after(at, version, mark)
    commits = importer.finish()
    write_tags(top, list(tag_objects(tagged, commits, importer)))
    if checkout:
        subprocess.run(["git", "reset", "-q", "--hard"], cwd=top, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--versions", type=int, default=100, help="of each model")
    parser.add_argument("--recipes", type=int, default=10000, help="versions that have bytes in the store")
    parser.add_argument("--endpoints", type=int, default=100)
    parser.add_argument("--promotions", type=int, default=2000)
    parser.add_argument("--no-checkout", action="store_true")
    given = parser.parse_args()
    make_registry(
        given.directory.absolute(),
        models=given.models,
        versions_each=given.versions,
        recipes=given.recipes,
        endpoints=given.endpoints,
        promotions=given.promotions,
        checkout=not given.no_checkout,
    )


if __name__ == "__main__":
    main()
