"""Values of the records, as hypothesis draws them."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import strategies as st

from regolo_git.records.digests import ALGORITHMS, Digest
from regolo_git.records.manifest import Artifact, FileEntry, Lineage, Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.metadata import normalize_metadata
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile, RecipeTensor
from regolo_git.records.versions import Version

hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
digests = st.builds(Digest, st.sampled_from(ALGORITHMS), hexes)
addresses = st.builds(Digest, st.just("blake3"), hexes)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
sizes = st.integers(0, 2**50)
names = st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda name: name not in ("con", "prn", "aux", "nul")
)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
numbers = st.integers(0, 10**6)
identifiers = st.one_of(numbers.map(str), st.from_regex(r"[a-z-][0-9a-z-]{0,5}", fullmatch=True))
versions = st.builds(
    Version,
    numbers,
    numbers,
    numbers,
    st.lists(identifiers, max_size=3).map(tuple),
    st.none() | st.sampled_from(["prod", "staging", "dev"]),
)
times = st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
    lambda when: when.replace(microsecond=0)
)
scalars = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    times,
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts.filter(bool), inner, max_size=3),
    max_leaves=12,
)
metadata = st.dictionaries(texts.filter(bool), values, max_size=5).map(normalize_metadata)
lineages = st.builds(
    Lineage,
    code=st.none() | hexes,
    data=st.dictionaries(texts.filter(bool), texts, max_size=3),
    parameters=metadata,
    base=st.none() | texts,
)


measurements = st.builds(
    Measurement,
    value=st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    n=st.none() | st.integers(1, 2**40),
    on=st.none() | digests.map(str),
    stderr=st.none() | st.floats(0, 1e6),
    runs=st.none() | st.integers(2, 100),
    predictions=st.none() | paths,
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    directory = draw(st.booleans())
    listed = draw(st.dictionaries(names, st.builds(FileEntry, sizes, digests), min_size=1, max_size=4))
    size = sum(entry.size for entry in listed.values()) if directory else draw(sizes)
    artifact = Artifact(
        "directory" if directory else "file", draw(st.none() | paths), draw(digests), size, draw(addresses)
    )
    if artifact.path is None:
        artifact = replace(artifact, name=draw(st.none() | names))
    return Manifest(
        model=draw(paths),
        version=draw(versions).text(zero_patch=draw(st.booleans())),
        artifact=artifact,
        description=draw(st.none() | texts),
        parents=tuple(draw(st.lists(versions.map(lambda v: v.identity), max_size=2))),
        files=listed if directory else None,
        metrics=draw(st.none() | st.dictionaries(texts.filter(bool), measurements, min_size=1, max_size=3)),
        metadata=draw(metadata),
        lineage=draw(st.none() | lineages),
    )


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    files = draw(st.dictionaries(names, st.integers(0, 1000), min_size=1, max_size=4))
    total, tensors, at = sum(files.values()), [], 0
    for name in draw(st.lists(texts, max_size=3)):
        size = draw(st.integers(0, total - at))
        tensors.append(RecipeTensor(name, "F32", (size,), at, size, draw(hexes)))
        at += size
    cuts = sorted({0, total, *draw(st.lists(st.integers(0, total), max_size=3))})
    chunks = [RecipeChunk(draw(hexes), b - a) for a, b in pairwise(cuts)]
    mode = st.integers(0, 0o777)
    listed = [
        RecipeFile(path, draw(mode), files[path], draw(digests)) for path in sorted(files, key=str.encode)
    ]
    return Recipe("directory", tuple(listed), tuple(tensors), tuple(chunks))
