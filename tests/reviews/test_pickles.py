"""The names that pickles ask for, in a review: told beside those of the version before."""

import collections
import pickle

from support.git_program import git

from regolo_git.api import Registry
from regolo_git.reviews.review import Review

HARMLESS = pickle.dumps(collections.OrderedDict(a=1), protocol=4)
DANGEROUS = b"cos\nsystem\n(S'id'\ntR."
UNKNOWN = b"cmy.module\nThing\n."


def reviewed(registry: Registry, before: bytes, after: bytes) -> Review:
    top = registry.handle.paths.top
    (top / "m.pkl").write_bytes(before)
    registry.register_model("m", top / "m.pkl")
    git(top, "switch", "-qc", "change")
    (top / "m.pkl").write_bytes(after)
    registry.create_model_version("m", model_data=top / "m.pkl")
    return registry.review("main", "change")


def test_a_new_dangerous_name_fails_and_is_told_first(registry: Registry) -> None:
    review = reviewed(registry, HARMLESS, DANGEROUS)
    assert review.exit_code() == 8
    text = review.to_markdown()
    assert "**m 1.1** <b>can run anything when it is loaded (os.system)</b>" in text
    assert "| `os.system` | **dangerous** | new | m.pkl, byte 11 |" in text
    assert "| `collections.OrderedDict` | allowed | gone |" in text


def test_a_name_that_is_not_known_is_told_and_decides_nothing(registry: Registry) -> None:
    review = reviewed(registry, HARMLESS, UNKNOWN)
    assert review.exit_code() == 0
    (model,) = review.models
    assert [(str(n.asked), n.kind.value, n.before, n.after) for n in model.pickles.names] == [
        ("my.module.Thing", "unknown", False, True),
        ("collections.OrderedDict", "allowed", True, False),
    ]


def test_harmless_names_as_before_are_counted(registry: Registry) -> None:
    review = reviewed(registry, HARMLESS, pickle.dumps(collections.OrderedDict(a=2), protocol=4))
    assert "Nothing was loaded. Unchanged: 1 harmless name." in review.to_markdown()


def test_names_that_do_not_fit_are_not_called_unchanged(registry: Registry) -> None:
    many = b"".join(b"cmy.module\nThing%d\n0" % number for number in range(120))
    danger = b"cos\nsystem\n0"
    review = reviewed(registry, b"\x80\x04" + danger + b"N.", b"\x80\x04" + many + danger + b"N.")
    text = review.to_markdown()
    assert "m: `production: scan`: 'm.pkl' asks for" in text
    assert "| `os.system` | **dangerous** | as before |" in text
    assert "Nothing was loaded. Not shown: 21 names." in text


def test_a_pickle_that_ends_early_is_unreadable(registry: Registry) -> None:
    review = reviewed(registry, HARMLESS, HARMLESS[:-6])
    assert review.models[0].pickles.unread
    assert "**Unreadable pickle:**" in review.to_markdown()
