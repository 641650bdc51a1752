"""What a worker and the gateways tell each other through shared memory."""

import threading
from pathlib import Path

import pytest

from regolo_git.serving.local.turn_log import ROOM, TurnLog


@pytest.fixture
def ends(tmp_path: Path) -> tuple[TurnLog, TurnLog]:
    """The worker's end and a gateway's."""
    worker, gateway = TurnLog.create(tmp_path), TurnLog.of_worker(tmp_path)
    assert gateway is not None
    return worker, gateway


def test_a_gateway_sees_what_was_begun_after_the_file_is_gone(
    ends: tuple[TurnLog, TurnLog], tmp_path: Path
) -> None:
    worker, gateway = ends
    (tmp_path / "turns").unlink()
    assert not gateway.has_begun(5, gateway.state().begun)
    assert worker.begin(5)
    worker.close()
    assert gateway.has_begun(5, 0)
    assert not gateway.has_begun(5, 1)
    assert not gateway.has_begun(6, 0)


def test_what_is_no_longer_known_may_have_begun(ends: tuple[TurnLog, TurnLog]) -> None:
    worker, gateway = ends
    for number in range(ROOM):
        worker.begin(number)
    assert not gateway.has_begun(10**6, 0)
    worker.begin(ROOM)
    assert gateway.has_begun(10**6, 0)
    assert not gateway.has_begun(10**6, 1)


def test_a_request_is_either_begun_or_taken_back(ends: tuple[TurnLog, TurnLog]) -> None:
    worker, gateway = ends
    assert gateway.take_back(5, 0)
    assert not worker.begin(5)
    assert worker.begin(6)
    assert not gateway.take_back(6, 0)


def test_no_request_is_both_begun_and_taken_back_when_two_processes_meet(
    ends: tuple[TurnLog, TurnLog],
) -> None:
    worker, gateway = ends
    begun: list[bool] = []
    taken: list[bool] = []
    meeting = threading.Barrier(2)

    def begin() -> None:
        for number in range(2000):
            meeting.wait()
            begun.append(worker.begin(number))

    thread = threading.Thread(target=begin)
    thread.start()
    for number in range(2000):
        meeting.wait()
        taken.append(gateway.take_back(number, max(0, number - 1)))
    thread.join()
    assert not any(b and t for b, t in zip(begun, taken, strict=True))


def test_the_turns_are_timed(ends: tuple[TurnLog, TurnLog]) -> None:
    worker, gateway = ends
    assert (gateway.state().busy_seconds, gateway.state().last_turn) == (0, 0)
    turns = []
    for _ in range(3):
        worker.start_turn()
        assert gateway.state().busy_seconds > 0
        turns.append(worker.end_turn())
        assert gateway.state().busy_seconds == 0
    # The first has none before it, and each is the shorter of two.
    assert turns[0] == 0
    assert gateway.state().last_turn == round(turns[-1] * 1e9) > 0


def test_a_coroutine_is_noted(ends: tuple[TurnLog, TurnLog]) -> None:
    worker, gateway = ends
    assert not gateway.state().awaits
    worker.allow_any()
    assert gateway.state().awaits
    assert gateway.state().begun == 0


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_worker_without_a_log_has_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "turns").write_bytes(content)
    assert TurnLog.of_worker(tmp_path) is None
