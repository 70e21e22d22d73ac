"""Unpacking: everything comes back, nothing that is cut short passes, and no bomb is inflated."""

import gzip
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import Oversize, Rejected
from services.ingest.unpacking import unpacked

LIMIT = 200_000
PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "zstd": ("zstd", zstandard.compress),
    "zstd without sizes": ("zstd", lambda data: zstandard.ZstdCompressor(write_content_size=False).compress(data)),
    "zstd with checksums": ("zstd", lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data)),
}
SKIPPABLE = b"\x53\x2a\x4d\x18\x03\x00\x00\x00abc"
packers = st.sampled_from(list(PACKERS.values()))
contents = st.binary(max_size=300) | st.builds(
    lambda piece, count: piece * count, st.binary(max_size=9), st.integers(0, 20_000)
)


@settings(deadline=None)
@given(packer=packers, parts=st.lists(contents, min_size=1, max_size=4))
def test_what_was_packed_comes_back_part_after_part(
    packer: tuple[str, Callable[[bytes], bytes]], parts: list[bytes]
) -> None:
    encoding, pack = packer
    packed, whole = b"".join(map(pack, parts)), b"".join(parts)
    if len(whole) <= LIMIT:
        assert unpacked(packed, encoding, LIMIT) == whole
    else:
        with pytest.raises(Oversize):
            unpacked(packed, encoding, LIMIT)


@settings(deadline=None)
@given(packer=packers, content=contents, data=st.data())
def test_what_is_cut_short_is_refused(
    packer: tuple[str, Callable[[bytes], bytes]], content: bytes, data: st.DataObject
) -> None:
    encoding, pack = packer
    packed = pack(content)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(Rejected):
        unpacked(packed[:cut], encoding, LIMIT)


@settings(deadline=None)
@given(noise=st.binary(max_size=60), encoding=st.sampled_from(["gzip", "zstd"]), begins=st.booleans())
def test_noise_is_refused_or_unpacked_and_nothing_else(noise: bytes, encoding: str, begins: bool) -> None:
    magic = {"gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd"}[encoding] if begins else b""
    with suppress(Rejected):
        assert len(unpacked(magic + noise, encoding, LIMIT)) <= LIMIT


def test_a_skippable_frame_is_skipped() -> None:
    assert unpacked(SKIPPABLE + zstandard.compress(b"x") + SKIPPABLE, "zstd", LIMIT) == b"x"
    with pytest.raises(Rejected):
        unpacked(SKIPPABLE[:-1], "zstd", LIMIT)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_bomb_is_not_inflated(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    bomb, limit = pack(bytes(64 * 1024 * 1024)), 1024 * 1024
    tracemalloc.start()
    try:
        with pytest.raises(Oversize, match="larger than 1048576 bytes when unpacked"):
            unpacked(bomb, encoding, limit)
        assert tracemalloc.get_traced_memory()[1] < 4 * limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_body_of_very_many_empty_parts_is_refused(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Rejected, match="more than 10000"):
        unpacked(pack(b"") * 20_000, encoding, LIMIT)
