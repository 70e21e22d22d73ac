"""However records are written into a file, they come out again, byte for byte."""

from typing import Any

import orjson
from hypothesis import assume, example, given
from hypothesis import strategies as st

from services.ingest.receivers.split import split

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=6), values, min_size=1, max_size=4).filter(
    lambda one: set(one) != {"Records"}
)
documents = st.lists(objects, min_size=1, max_size=5)
feeds = st.sampled_from([b"\n", b"\r\n", b"\n\n"])


def read(data: bytes) -> list[Any]:
    return [orjson.loads(piece.record) for piece in split(data)]


@given(documents, feeds, st.booleans(), st.booleans())
def test_one_document_a_line(wanted: list[Any], feed: bytes, has_mark: bool, is_open: bool) -> None:
    lines = feed.join(map(orjson.dumps, wanted)) + (b"" if is_open else feed)
    assert read((b"\xef\xbb\xbf" if has_mark else b"") + lines) == wanted


@given(documents, feeds)
def test_documents_over_several_lines(wanted: list[Any], feed: bytes) -> None:
    pretty = (
        orjson.dumps(one, option=orjson.OPT_INDENT_2).replace(b"\n", feed[-2:].strip(b"\n") + b"\n") for one in wanted
    )
    assert read(feed.join(pretty)) == wanted


@given(documents, st.booleans())
def test_an_array(wanted: list[Any], is_pretty: bool) -> None:
    assert read(orjson.dumps(wanted, option=orjson.OPT_INDENT_2 if is_pretty else 0)) == wanted


@given(documents, st.booleans())
def test_a_container(wanted: list[Any], is_pretty: bool) -> None:
    assert read(orjson.dumps({"Records": wanted}, option=orjson.OPT_INDENT_2 if is_pretty else 0)) == wanted


@given(documents, st.data())
def test_a_broken_line_costs_only_itself(wanted: list[Any], data: st.DataObject) -> None:
    lines = [orjson.dumps(one) for one in wanted]
    broken = data.draw(st.integers(0, len(lines) - 1))
    lines[broken] = lines[broken][: data.draw(st.integers(1, len(lines[broken]) - 1))]
    pieces = [piece.record for piece in split(b"\n".join(lines))]
    assert pieces == [line.strip() for line in lines]


@given(st.binary(max_size=400))
@example(b"#separator")
def test_nothing_is_lost_but_what_stands_between(data: bytes) -> None:
    assume(not data.startswith(b"#separator "))  # the header lines of a table govern its rows and are none themselves
    pieces = list(split(data))
    covered = bytearray(len(data))
    for piece in pieces:
        assert data[piece.offset : piece.offset + len(piece.record)] == piece.record
        covered[piece.offset : piece.offset + len(piece.record)] = b"\x01" * len(piece.record)
    left = bytes(byte for byte, seen in zip(data.removeprefix(b""), covered, strict=True) if not seen)
    assert left.translate(None, b" \t\r\n\x0b\x0c,[]{}:\xef\xbb\xbf").replace(b'"Records"', b"") == b""


@given(
    st.lists(
        st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"a", b"1", b'"Records"']), max_size=60
    )
)
def test_brackets_in_any_order_end(tokens: list[bytes]) -> None:
    data = b"".join(tokens)
    offsets = [piece.offset for piece in split(data)]
    assert offsets == sorted(set(offsets))
