"""A recipe that is damaged, or newer than the program, is refused, and the error says where."""

import json
from typing import Any

import pytest

from regolo_git.errors import IntegrityError, InvalidInput, NewerFormat
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile, RecipeTensor

HEX = "ab" * 32
SOUND = Recipe(
    "directory",
    (
        RecipeFile("a.txt", 0o644, 4, Digest("sha256", HEX)),
        RecipeFile("w.bin", 0o644, 8, Digest("sha256", HEX)),
    ),
    (RecipeTensor("w", "F32", (2,), 4, 8, HEX),),
    (RecipeChunk(HEX, 12),),
)


def changed(path: list[str | int], value: object) -> bytes:
    document = json.loads(SOUND.to_bytes())
    *parents, last = path
    place: Any = document
    for key in parents:
        place = place[key]
    place[last] = value
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["kind"], "socket", "'kind' in a recipe is neither file nor directory"),
        (["files", 1, "size"], "8", "'files[1].size' in a recipe is not an integer"),
        (["files", 1, "size"], -8, f"'files[1].size' in a recipe is not between 0 and {2**63 - 1}"),
        (["files", 0, "mode"], True, "'files[0].mode' in a recipe is not an integer"),
        (["files", 0, "path"], "a\ud800", "'files[0].path' in a recipe has a lone surrogate, which UTF-8 cannot encode"),
        (["tensors", 0, "shape"], [2, -1], "'tensors[0].shape' in a recipe is not a list of lengths"),
        (["tensors", 0, "blake3"], "x", "'tensors[0].blake3' in a recipe is not a BLAKE3 in hex"),
        (["tensors", 0, "dtype"], None, "a recipe lacks 'tensors[0].dtype'"),
        (["chunks", 0], [HEX], "'chunks[0]' in a recipe is not a list of 2 values"),
        (["chunks", 0, 0], HEX.upper(), "'chunks[0][0]' in a recipe is not a BLAKE3 in hex"),
        (["chunks", 0, 1], 2**63, f"'chunks[0][1]' in a recipe is not between 0 and {2**63 - 1}"),
    ],
)  # fmt: skip
def test_an_error_says_where_a_recipe_is_wrong(path: list[str | int], value: object, message: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        Recipe.parse(changed(path, value))
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["files", 0, "mode"], 0o1000, "a recipe has a file mode with more than permission bits"),
        (["files", 1, "path"], "a.txt/x", "'a.txt/x' in a recipe is inside a file"),
        (["files", 1, "path"], "a", "the files in a recipe are not sorted"),
        (["files", 0, "path"], "../a", "a recipe has a bad path: path '../a' is not a plain relative path"),
        (["kind"], "file", "the recipe of a single file lists other paths"),
        (["chunks", 0, 1], 11, "the chunks of a recipe do not add up to its files"),
        (["tensors", 0, "offset"], 5, "the tensors in a recipe overlap or extend past its end"),
    ],
)
def test_the_parts_of_a_recipe_fit_together(path: list[str | int], value: object, message: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        Recipe.parse(changed(path, value))
    assert caught.value.message == message


def test_a_recipe_of_a_newer_format_says_newer() -> None:
    with pytest.raises(NewerFormat, match="newer than this release supports"):
        Recipe.parse(b'{"format": 2}')


def test_another_form_of_a_sound_recipe_is_refused() -> None:
    with pytest.raises(IntegrityError, match="not in its canonical form"):
        Recipe.parse(json.dumps(json.loads(SOUND.to_bytes())).encode())


def sized(*sizes: int, tensors: tuple[RecipeTensor, ...] = ()) -> Recipe:
    """A single file of chunks of these sizes."""
    file = RecipeFile("", 0o644, sum(sizes), Digest("sha256", HEX))
    return Recipe("file", (file,), tensors, tuple(RecipeChunk(HEX, size) for size in sizes))


def tensor(offset: int, size: int) -> RecipeTensor:
    return RecipeTensor("t", "U8", (size,), offset, size, HEX)


def reads_back(recipe: Recipe) -> bool:
    return Recipe.parse(recipe.to_bytes()) == recipe


@pytest.mark.parametrize("name", ["\ud800 first", "\udfff last"])
def test_every_lone_surrogate_is_refused(name: str) -> None:
    with pytest.raises(IntegrityError, match="surrogate"):
        Recipe.parse(changed(["tensors", 0, "name"], name))


def test_characters_beside_the_surrogates_are_names() -> None:
    assert reads_back(
        Recipe("file", sized(1).files, (RecipeTensor("\ud7ff\ue000", "U8", (), 0, 1, HEX),), sized(1).chunks)
    )


def test_a_chunk_is_never_empty_and_never_longer_than_the_cutting_makes_it() -> None:
    assert reads_back(sized(16 << 20, 1))
    for size in (0, (16 << 20) + 1):
        with pytest.raises(IntegrityError, match="chunk"):
            Recipe.parse(sized(size).to_bytes())


def test_tensors_lie_one_after_the_other_within_the_file() -> None:
    assert reads_back(sized(8, tensors=(tensor(0, 4), tensor(4, 4))))
    assert reads_back(sized(8, tensors=(tensor(2, 2), tensor(4, 0), tensor(4, 1))))
    for wrong in ((tensor(0, 4), tensor(3, 4)), (tensor(5, 4),), (tensor(4, 4), tensor(0, 4))):
        with pytest.raises(IntegrityError, match="tensors"):
            Recipe.parse(sized(8, tensors=wrong).to_bytes())


def test_permission_bits_are_all_that_a_mode_has() -> None:
    assert reads_back(Recipe("file", (RecipeFile("", 0o777, 1, Digest("sha256", HEX)),), (), sized(1).chunks))


def test_files_of_a_directory_are_sorted_by_their_bytes_and_there_is_one() -> None:
    def directory(*paths: str) -> Recipe:
        files = tuple(RecipeFile(path, 0o644, 1, Digest("sha256", HEX)) for path in paths)
        return Recipe("directory", files, (), (RecipeChunk(HEX, len(paths)),) if paths else ())

    assert reads_back(directory("Z", "a-b", "a/b", "\uffff", "\U00010000"))
    for wrong in ((), ("b", "a"), ("a", "a"), ("a", "a/b"), ("a/b", "a/b/c"), ("",)):
        with pytest.raises(IntegrityError):
            Recipe.parse(directory(*wrong).to_bytes())


def test_a_recipe_that_could_not_be_read_is_not_stored() -> None:
    sized(1).check_readable()
    limit = 1 << 63
    sized(1, tensors=(RecipeTensor("t", "U8", (limit - 1,), 0, 1, HEX),)).check_readable()
    for wrong in ((limit,), (0, limit)):
        with pytest.raises(InvalidInput):
            sized(1, tensors=(RecipeTensor("t", "U8", wrong, 0, 1, HEX),)).check_readable()
    sized(limit - 1).check_readable()
    with pytest.raises(InvalidInput):
        sized(limit).check_readable()


def test_a_recipe_has_a_largest_length(monkeypatch: pytest.MonkeyPatch) -> None:
    length = len(SOUND.to_bytes())
    monkeypatch.setattr("regolo_git.records.recipe.BYTES_LIMIT", length)
    SOUND.check_readable()
    assert reads_back(SOUND)
    monkeypatch.setattr("regolo_git.records.recipe.BYTES_LIMIT", length - 1)
    with pytest.raises(InvalidInput):
        SOUND.check_readable()
    with pytest.raises(IntegrityError):
        Recipe.parse(SOUND.to_bytes())
