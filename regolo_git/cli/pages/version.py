"""The output of `show`: the page for people, and the document for programs."""

from collections.abc import Iterator

from regolo_git.cli.dates import shown_time
from regolo_git.cli.forms import Json, flat, plain_text
from regolo_git.cli.pages.shown_version import Shown
from regolo_git.cli.pages.status_style import retirement_text, status_text
from regolo_git.records.evaluations import Measured
from regolo_git.records.labels import Label
from regolo_git.records.manifest import Artifact
from regolo_git.registry.signatures import Signed
from regolo_git.reviews.page import Column, Page, Section
from regolo_git.text.commits import person
from regolo_git.text.numbers import counted, number_text, shares_text
from regolo_git.text.sizes import size_text

FILES_SHOWN = 30
DIGEST_SHOWN = len("sha256:") + 12


def version_page(shown: Shown) -> Page:
    """The page of a version: a summary, and a section for each kind of data."""
    version, manifest = shown.version, shown.manifest
    return Page(
        subject=version.reference,
        title="",
        brief=status_text(version),
        notes=[
            text for text in (manifest.description, version.message) if text and text != version.reference
        ],
        sections=[
            Section("", list(_facts(shown))),
            Section("Labels", [(label.name, _label_text(label)) for label in shown.labels]),
            Section("Metrics", [(name, _measured_text(held)) for name, held in version.measured.items()]),
            Section("Metadata", _values(dict(manifest.plain_metadata))),
            Section("Lineage", _values(_lineage(shown))),
            Section("Serving", _values(dict(manifest.serving or {}))),
            *_interfaces(shown),
            _files(shown),
            *_pickles(shown),
        ],
    )


def _label_text(label: Label) -> str:
    return f"{label.value} ({shown_time(label.when)} by {person(label.who)})"


def _measured_text(held: Measured) -> str:
    """A metric's value, with what is known of how, when and by whom it was measured."""
    known = held.measurement.to_dict()
    parts = [f"{key} {value}" for key, value in known.items() if key in ("n", "stderr", "runs")]
    parts += [f"on {held.measurement.on[:DIGEST_SHOWN]}"] if held.measurement.on is not None else []
    if held.evaluation is not None:
        parts.append(f"measured later, {shown_time(held.evaluation.when)} by {person(held.evaluation.who)}")
    value = number_text(held.measurement.value)
    return f"{value} ({', '.join(parts)})" if parts else value


def _pickles(shown: Shown) -> Iterator[Section]:
    if shown.pickles is not None:
        from regolo_git.cli.pages.pickles import opinion_section, pickle_sections  # noqa: PLC0415 - only with --names

        yield from pickle_sections(shown.pickles)
        yield opinion_section(shown.opinions or {})


def _place(artifact: Artifact) -> Iterator[tuple[str, str]]:
    if artifact.path is not None:
        yield "path", artifact.path
    elif artifact.name is not None:
        yield "file", f"{artifact.name} (not from the work tree)"


def _facts(shown: Shown) -> Iterator[tuple[str, str]]:
    version, manifest = shown.version, shown.manifest
    if shown.card.description:
        yield "model", shown.card.description
    if shown.card.owner:
        yield "owner", shown.card.owner
    by = f" by {version.created_by}" if version.created_by else ""
    yield "created", f"{shown_time(version.created_at)}{by}"
    yield from _places(shown)
    yield "size", _size(shown)
    yield "digest", version.digest
    yield from _place(manifest.artifact)
    yield "tag", version.tag or "none until it is merged"
    if shown.signature is not None or version.tag is None:
        yield "signed", _signature(shown.signature)
    if version.commit:
        yield "commit", version.commit
    if manifest.build is not None:
        yield "build", manifest.build
    if version.current:
        yield "current", "yes, the registry branch has this version"
    if manifest.parents:
        untagged = shown.untagged_parents
        yield (
            "parent",
            ", ".join(f"{each} (no tag)" if each in untagged else each for each in manifest.parents),
        )
    if shown.gates is not None:
        yield "gates", f"{shown.gates}, when it was merged"


def _signature(found: Signed | None) -> str:
    if found is None:
        return "not yet: the tag is signed after the merge"
    if found.signer is not None:
        return f"by {found.signer}"
    return found.words.replace("is signed", "yes", 1) if found.exists else "no"


def _places(shown: Shown) -> Iterator[tuple[str, str]]:
    """Where the version is used, why it was retired, and the endpoints that differ from their environment."""
    if shown.version.retirement is not None:
        yield "retired", retirement_text(shown.version.retirement)
    if shown.users:
        yield "used by", ", ".join(map(str, shown.users))
    if shown.version.endpoints:
        yield "traffic", shares_text(shown.version.endpoints)
    for endpoint in shown.endpoints:
        if endpoint.remark is not None:
            yield "note", endpoint.remark


def _size(shown: Shown) -> str:
    parts = [f"{size_text(shown.version.size_bytes)} ({shown.version.size_bytes} bytes)"]
    files = len(shown.manifest.file_entries(shown.recipe)) or shown.manifest.artifact.file_count
    if shown.manifest.artifact.kind == "directory" and files:
        parts.append(counted(files, "file"))
    if shown.recipe is None:
        parts.append("not in this clone's store")
    elif shown.recipe.tensors:
        parts.append(counted(len(shown.recipe.tensors), "tensor"))
    return ", ".join(parts)


def _values(tree: Json) -> list[tuple[str, str]]:
    """The values of a tree by dotted name; a list is joined on one line."""
    joined: dict[str, list[str]] = {}
    for name, value in flat(tree):
        joined.setdefault(name, []).append(plain_text(value))
    return [(name, ", ".join(values)) for name, values in joined.items()]


def _lineage(shown: Shown) -> Json:
    lineage = shown.manifest.lineage
    return lineage.to_dict() if lineage is not None else None


def _files(shown: Shown) -> Section:
    if shown.manifest.artifact.kind == "file":
        return Section("Files", [])
    files = shown.manifest.file_entries(shown.recipe).items()
    rows = [(path, size_text(entry.size), str(entry.digest)) for path, entry in files]
    columns = (Column("", flexible=True), Column("", number=True), Column("", flexible=True))
    rest = f"git regolo show {shown.version.reference} --json"
    return Section("Files", rows, columns, screenful=FILES_SHOWN, rest=rest)


def _interfaces(shown: Shown) -> Iterator[Section]:
    """What each file that describes itself takes and answers."""
    columns = Column("", flexible=True), Column(""), Column("", flexible=True)
    rest = f"git regolo show {shown.version.reference} --json"
    for file in shown.described:
        title = f"Inputs and outputs of {file.name}" if len(shown.described) > 1 else "Inputs and outputs"
        rows = [(each["name"], each["kind"], each["type"]) for each in file.to_list()]
        yield Section(title, rows, columns, screenful=FILES_SHOWN, rest=rest)


def document(shown: Shown) -> Json:
    """The version as a JSON document."""
    version, manifest = shown.version, shown.manifest
    return {
        **version.to_dict(),
        "labelled": [
            {"name": each.name, "value": each.value, "when": each.when, "by": each.who}
            for each in shown.labels
        ],
        "used_by": list(map(str, shown.users)),
        "users": [{"kind": user.kind, "name": user.name} for user in shown.users],
        "endpoints": [endpoint.to_dict() for endpoint in shown.endpoints],
        "model_description": shown.card.description,
        "owner": shown.card.owner,
        "here": shown.recipe is not None,
        "tensors": len(shown.recipe.tensors) if shown.recipe is not None else None,
        "signed": shown.signature is not None and shown.signature.exists,
        **_signature_document(shown.signature),
        "gates_at_merge": shown.gates,
        "files": {
            path: {"size": entry.size, "digest": str(entry.digest)}
            for path, entry in manifest.file_entries(shown.recipe).items()
        },
        "interfaces": [value for file in shown.described for value in file.to_list()],
        **_pickles_document(shown),
    }


def _signature_document(found: Signed | None) -> dict[str, Json]:
    valid = found is not None and found.valid
    wrong = found is not None and found.exists and not valid
    return {
        "signed_by": found.signer if found is not None else None,
        "signature_problem": found.words if found is not None and wrong else None,
    }


def _pickles_document(shown: Shown) -> dict[str, Json]:
    if shown.pickles is None:
        return {}
    from regolo_git.cli.pages.pickles import opinions_document, pickles_document  # noqa: PLC0415 - only with --names

    return {
        "pickles": pickles_document(shown.pickles),
        "second_opinion": opinions_document(shown.opinions),
    }
