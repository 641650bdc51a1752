"""A warning points at the line of whoever called this package."""

import warnings

import pytest
from support.model_files import write_safetensors

from regolo_git.api import Registry
from regolo_git.errors import RegoloNotice
from regolo_git.registry.notices import warn


def test_a_warning_points_at_the_callers_line() -> None:
    with pytest.warns(RegoloNotice, match="said") as notices:
        warn("said")
    assert notices[0].filename == __file__


def test_a_warning_from_deep_inside_points_at_the_callers_line(registry: Registry) -> None:
    registry.register_model("m", b"one")
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always")
        registry.create_model_version("m", model_data=b"one")
    assert [notice.filename for notice in notices] == [__file__]


def test_a_notice_names_a_call_of_the_api(registry: Registry) -> None:
    top = registry.handle.paths.top
    for content in (b"one", b"two"):
        registry.log_model("m", content)
    write_safetensors(top / "w.safetensors", {"layer.weight": b"12345678"})
    registry.register_model("w", top / "w.safetensors")
    write_safetensors(top / "w.safetensors", {"layer.weight": b"1234567812345678"})
    with pytest.warns(RegoloNotice, match=r'which SemVer calls a major change \(bump="major"\)$'):
        registry.create_model_version("w", model_data=top / "w.safetensors")
    registry.create_endpoint("e", "m", "1.0", environment="staging")
    registry.promote_model_version("m", "1.0", "staging")
    with pytest.warns(RegoloNotice, match=r"for both to agree: regolo\.promote_model_version\("):
        registry.update_endpoint_traffic("e", {"1.1": 100})
