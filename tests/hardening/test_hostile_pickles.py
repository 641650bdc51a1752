"""Pickles that run something when they are loaded, and files that libraries really write."""

import bz2
import contextlib
import gzip
import io
import lzma
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from random import Random

import pytest
from support.hidden_pickles import HIDDEN
from support.hostile_pickles import NAMES, PLACES, SYSTEM, WAYS, Hostile, hostile, whole
from support.real_pickles import REAL

from regolo_git.layouts.pickle_names import read_pickle_names
from regolo_git.records.asked_names import PickleNames
from regolo_git.verdict.pickle_names import NameClass, class_of_file

HARMFUL_PICKLE = whole(SYSTEM)
HARMFUL = (NameClass.UNKNOWN, NameClass.UNREADABLE, NameClass.DANGEROUS)
# An attribute of a class, and a class that a model may well have, are no more than unknown.  Where CPython goes
# on with other bytes than the file's order has, nothing is claimed.
WEAKER = {
    "a method by a dotted name": NameClass.UNKNOWN,
    "scipy's distributions": NameClass.UNKNOWN,
    "a metric of neighbours": NameClass.UNREADABLE,
    "a masked array": NameClass.UNREADABLE,
    "a name across the end of a frame": NameClass.UNREADABLE,
    "a text across the end of a frame": NameClass.UNREADABLE,
}
# Files that contradict themselves: their readers differ, so that nothing is claimed.
CONTRADICTIONS = {
    "a tar with a size of its own",
    "a tar with a size behind its records",
    "a tar with an old directory",
    "a tar with a long directory",
    "a tar with a long link",
    "a zip with two ends",
    "a zip with a wrong offset",
    "a zip with a wrong count",
    "a zip without its first bytes",
    "a computed key of an array of joblib",
    "a key behind a view of an array of joblib",
    "a type by two names of an array of joblib",
}


def names_of(data: bytes, name: str) -> PickleNames:
    return read_pickle_names(io.BytesIO(data), len(data), name)


def assert_harmful(title: str, found: Hostile) -> None:
    names = names_of(found.data, found.name)
    assert class_of_file(names) is WEAKER.get(title, NameClass.DANGEROUS), f"{title}: {names}"


@pytest.mark.parametrize("title", [*NAMES, *WAYS])
def test_a_pickle_that_runs_something_is_dangerous(title: str) -> None:
    assert_harmful(title, (NAMES | WAYS)[title])


@pytest.mark.parametrize("title", PLACES)
def test_a_pickle_is_found_wherever_it_hides(title: str) -> None:
    assert_harmful(title, PLACES[title]())


@pytest.mark.parametrize("title", HIDDEN)
def test_a_pickle_is_found_where_its_own_loader_finds_it(title: str) -> None:
    found = HIDDEN[title]()
    kind = class_of_file(names_of(found.data, found.name))
    assert kind is (NameClass.UNREADABLE if title in CONTRADICTIONS else NameClass.DANGEROUS)


def python_finds_it(data: bytes) -> bool:
    """Whether one of Python's own readers gives the pickle that runs something."""
    found = []
    with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            with contextlib.suppress(Exception), archive.open(member) as file:
                found.append(file.read(len(HARMFUL_PICKLE)))
    with contextlib.suppress(Exception), tarfile.open(fileobj=io.BytesIO(data)) as files:
        for each in files:
            with contextlib.suppress(Exception):
                found.append(files.extractfile(each).read(len(HARMFUL_PICKLE)))  # type: ignore[union-attr]
    for opened in (gzip.open, bz2.open, lzma.open):
        with contextlib.suppress(Exception):
            found.append(opened(io.BytesIO(data)).read(len(HARMFUL_PICKLE)))  # type: ignore[operator]
    return HARMFUL_PICKLE in found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_no_changed_file_hides_what_python_finds_in_it(seed: int) -> None:
    random = Random(seed)
    originals = [make().data for make in HIDDEN.values()]
    harmful = 0
    for _ in range(250):
        data = bytearray(random.choice(originals))
        for _ in range(random.randrange(4)):
            at = random.choice([random.randrange(len(data)), data.find(b"PK", random.randrange(len(data)))])
            data[at : at + random.randrange(2)] = random.choice([b"", b"\0", b"\xff", random.randbytes(1)])
        if python_finds_it(bytes(data)):
            harmful += 1
            assert class_of_file(names_of(bytes(data), "model.xz")) in HARMFUL[1:], bytes(data)
    assert harmful > 30


@pytest.mark.parametrize("title", [*NAMES, *WAYS])
def test_a_shortened_one_is_never_called_better_than_what_it_still_runs(title: str) -> None:
    data = (NAMES | WAYS)[title].data
    for end in range(len(data) // 2, len(data), 7):
        names = names_of(data[:end], "model.pkl")
        assert class_of_file(names) in HARMFUL, f"{title}, {end} bytes: {names}"


def test_there_are_enough_of_them() -> None:
    assert len(hostile()) >= 40
    assert len(REAL) >= 10


@pytest.mark.slow
def test_each_of_them_runs_something_when_it_is_loaded(tmp_path: Path) -> None:
    titles = {}
    everything = hostile() | {title: make() for title, make in HIDDEN.items()}
    for number, (title, found) in enumerate(everything.items()):
        titles[f"{found.loader}-{number}"] = title
        (tmp_path / f"{found.loader}-{number}").write_bytes(found.data)
    script = Path(__file__).parents[1] / "support" / "load_hostile.py"
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=True)
    ran = {titles[line] for line in done.stdout.splitlines()}
    assert ran == set(titles.values())


# Importing scikit-learn takes longer than everything else here.
QUICK = ("arrays", "objects", "values", "PyTorch")
TITLES = [pytest.param(title, marks=() if title.split()[0] in QUICK else pytest.mark.slow) for title in REAL]


@pytest.mark.parametrize("title", TITLES)
def test_a_real_file_is_read_whole_and_known(title: str) -> None:
    name, make = REAL[title]
    names = names_of(make(), name)
    assert names.unread == ()
    assert class_of_file(names) in (NameClass.ALLOWED, NameClass.KNOWN), names
    assert names.pickles or title == "arrays"
