"""Staged records: readable, in their one form, and manifests as their versions were created.

Model cards and the configuration are files of people, which are only read.
"""

from collections.abc import Iterator

from regolo_git.errors import RegoloError
from regolo_git.git.staged import LINK, StagedFile, StagedFiles
from regolo_git.hints import Hint
from regolo_git.hooks.remark import Remark, about
from regolo_git.records.contradiction import contradiction
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path, model_of_manifest
from regolo_git.records.recipe import Recipe
from regolo_git.records.retired import RetiredList
from regolo_git.records.seal import seal_problem
from regolo_git.records.store_url import STORE_SETTING
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.records_at import is_record, read_record
from regolo_git.store.loose import LooseStore
from regolo_git.text.printable import one_line

FIRST_BYTES = b"\xef\xbb\xbf"  # some editors begin UTF-8 with them


def check_records(staged: StagedFiles) -> Iterator[Remark]:
    """What is wrong with the staged records."""
    files = [file for file in staged.files if is_record(file.path)]
    contents = staged.contents([file.oid for file in files if file.mode != LINK])
    for file in files:
        if file.mode == LINK:
            yield Remark(about(file.path, "is a link, and a record is a file"))
            continue
        data = next(contents)
        if data is not None:
            yield from _check(staged, file, data)


def _check(staged: StagedFiles, file: StagedFile, data: bytes) -> Iterator[Remark]:
    try:
        record = read_record(file.path, data)
    except RegoloError as error:
        yield Remark(one_line(error.message), error.hint)
        return
    if (
        isinstance(record, Manifest | Promotion | Endpoint | RetiredList)
        and record.to_text().encode() != data
    ):
        yield Remark(about(file.path, f"is not in its one form: {_form(data)}"), _rewrite(record))
    if isinstance(record, Manifest):
        yield from _check_manifest(staged, file, record)


def _form(data: bytes) -> str:
    if data.startswith(FIRST_BYTES):
        return "it begins with a byte order mark"
    if b"\r\n" in data:
        return "its lines end with carriage returns"
    return "keys, spaces or quotes are not as this program writes them"


def _rewrite(record: object) -> Hint | str:
    if isinstance(record, Manifest):
        return Hint("seal", record.model)
    return "undo the edit, and use the command that changes it"


def _check_manifest(staged: StagedFiles, file: StagedFile, manifest: Manifest) -> Iterator[Remark]:
    model = model_of_manifest(file.path)
    if model != manifest.model:
        yield Remark(about(file.path, f"is the manifest of another model, '{manifest.model}'"))
        return
    problem = seal_problem(manifest, required=_must_be_sealed(staged, file, manifest))
    if problem is not None:
        yield Remark(about(file.path, f"cannot be used: {problem}"), Hint("seal", manifest.model))
    recipe = _recipe_here(staged, manifest)
    wrong = contradiction(manifest.artifact, recipe) if recipe is not None else None
    if wrong is not None:
        yield Remark(about(file.path, f"contradicts the store: {wrong}"), Hint("fsck"))


def _must_be_sealed(staged: StagedFiles, file: StagedFile, manifest: Manifest) -> bool:
    """Whether HEAD has the model sealed, unless a tag has this very manifest, as after a revert."""
    if manifest.seal is not None:
        return True
    before = staged.content_at(f"HEAD:{manifest_path(manifest.model)}")
    if before is None or not _is_sealed(before):
        return False
    number = Version.parse(manifest.version)
    names = [tag_name(manifest.model, number.text(zero_patch=written)) for written in (False, True)]
    tags = staged.contents([f"refs/tags/{name}" for name in names])
    return not any(file.oid.encode() in tag for tag in tags if tag is not None)


def _is_sealed(data: bytes) -> bool:
    try:
        return Manifest.parse(data).seal is not None
    except RegoloError:
        return False


def _recipe_here(staged: StagedFiles, manifest: Manifest) -> Recipe | None:
    """The recipe of a manifest, if the store of this clone is a directory and has it."""
    place = str(staged.paths.common_dir / "regolo" / "store")
    setting = staged.settings("regolo").get(STORE_SETTING.lower())
    if setting is not None:
        from regolo_git.registry.clone_store import place_of  # noqa: PLC0415 - imports the Git library

        place = place_of(staged.paths, setting)
    if "://" in place:
        return None
    try:
        return LooseStore.open(place, optional=True).read_recipe(manifest.artifact.recipe)
    except RegoloError:
        return None  # it is elsewhere, or `fsck` says what is wrong with it
