"""What is read of a pack, and how much at once."""

from hypothesis import given
from hypothesis import strategies as st

from regolo_git.store.packs.hints import Location
from regolo_git.store.packs.pack import Entry
from regolo_git.store.packs.reader import SPAN_BYTES, PackRead, plan_reads

PACK = "1" * 64


def located(number: int, offset: int, length: int, size: int = 16 << 20) -> Location:
    return Location(PACK, size, Entry(f"{number:064x}", length, offset, length))


def test_a_pack_of_which_more_than_half_is_wanted_is_read_whole() -> None:
    megabyte = 1 << 20
    wanted = [located(number, number * megabyte, megabyte) for number in range(9)]
    assert [read.is_whole for read in plan_reads(wanted)] == [True]
    assert [read.is_whole for read in plan_reads(wanted[:8])] == [False]


def test_chunks_of_several_packs_are_read_apart() -> None:
    other = located(1, 0, 5)._replace(pack="2" * 64)
    assert [read.pack for read in plan_reads([other, located(1, 0, 5)])] == [PACK, "2" * 64]


@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.integers(0, 16 << 20)), min_size=1, max_size=40))
def test_no_read_holds_more_than_its_limit_whatever_the_hints_say(places: list[tuple[int, int]]) -> None:
    wanted = [located(number, offset, length, size=1 << 41) for number, (offset, length) in enumerate(places)]
    reads = plan_reads(wanted)
    assert all(read.size <= SPAN_BYTES for read in reads)
    assert sorted(location for read in reads for location in read.locations) == sorted(wanted)


def test_overlapping_chunks_count_each() -> None:
    wanted = [located(number, 0, 16 << 20, size=1 << 41) for number in range(10)]
    assert len(plan_reads(wanted)) == 10


def test_a_huge_pack_is_never_read_whole() -> None:
    read = PackRead(PACK, SPAN_BYTES + 1, (located(1, 0, SPAN_BYTES + 1),))
    assert not read.is_whole
