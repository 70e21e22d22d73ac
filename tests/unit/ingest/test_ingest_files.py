"""Recordings on disk: every way they are packed and written gives the same records, and what is broken is a record too."""

import gzip
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from runtime.errors import Rejected
from runtime.log import MAX_RECORD_BYTES
from services.ingest.__main__ import normalizer
from services.ingest.receivers.files import RawRecord, read_records

LINES = b'{"a":1}\n{"a":2}\r\n{"a":3}'
RECORDS = [b'{"a":1}', b'{"a":2}', b'{"a":3}']


def read(*paths: Path) -> list[RawRecord]:
    return list(read_records(paths))


def bytes_of(*paths: Path) -> list[bytes]:
    return [raw.record for raw in read(*paths)]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        LINES,
        b"\xef\xbb\xbf" + LINES,
        b"\n\n" + LINES + b"\n\n",
        json.dumps([{"a": 1}, {"a": 2}, {"a": 3}]).replace(" ", "").encode(),
        b'[\n{"a":1},\n{"a":2},\n{"a":3}\n]\n',
        b'{"Records":[{"a":1},{"a":2},{"a":3}]}',
        b'{"a":1}{"a":2}\n{"a":3}',
        b'{"a":1},\n{"a":2},\n{"a":3}',
    ],
    ids=["lines", "mark", "blank lines", "array", "array in lines", "container", "glued", "commas"],
)
def test_however_they_are_written_they_are_the_same_records(tmp_path: Path, data: bytes) -> None:
    assert bytes_of(written(tmp_path / "log.json", data)) == RECORDS


def test_pretty_printed_documents_keep_their_bytes(tmp_path: Path) -> None:
    documents = [json.dumps({"a": {"b": [1, {"c": "}{"}]}, "n": number}, indent=2).encode() for number in range(3)]
    assert bytes_of(written(tmp_path / "log.json", b"\n".join(documents))) == documents


def test_packed_files_give_the_same_records(tmp_path: Path) -> None:
    packed = [
        written(tmp_path / "log.gz", gzip.compress(LINES)),
        written(tmp_path / "log.zst", zstandard.compress(LINES)),
        zipped(tmp_path / "log.zip", {"log.json": LINES}),
        zipped(tmp_path / "nested.zip", {"inner/log.json.gz": gzip.compress(LINES)}),
    ]
    assert [bytes_of(path) for path in packed] == [RECORDS] * 4


def test_a_position_names_the_file_and_the_place_in_it(tmp_path: Path) -> None:
    path = zipped(tmp_path / "day.zip", {"one.log": b"first\nsecond\n", "two.log": b"first\n"})
    assert [raw.position for raw in read(path)] == ["day.zip/one.log:0", "day.zip/one.log:6", "day.zip/two.log:0"]


def test_positions_do_not_depend_on_where_a_directory_lies(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place / "sub").mkdir(parents=True)
        written(tmp_path / place / "sub" / "a.log", b"line\n")
    assert [raw.position for raw in read(tmp_path / "here")] == [raw.position for raw in read(tmp_path / "there")]


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        written(tmp_path / place / "a.log", b"line\n")
    positions = [raw.position for raw in read(tmp_path / "here" / "a.log", tmp_path / "there" / "a.log")]
    assert positions == ["a.log:0", "a.log#2:0"]


def test_a_directory_gives_its_recordings_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.json", "a.log", "README.md", ".hidden.log"):
        written(tmp_path / name, name.encode())
    assert [raw.file for raw in read(tmp_path)] == ["a.log", "b.json"]


def test_rows_of_a_zeek_table_carry_its_header_lines(tmp_path: Path) -> None:
    table = b"#separator \\x09\n#fields\tts\tuid\n#open\tx\n1.5\tC1\n\n2.5\tC2\n#separator \\x09\n#fields\tother\n9\n#close\tx\n"
    raws = read(written(tmp_path / "conn.log", table))
    assert [raw.record for raw in raws] == [b"1.5\tC1", b"2.5\tC2", b"9"]
    assert [raw.preamble.splitlines()[1] for raw in raws] == ["#fields\tts\tuid"] * 2 + ["#fields\tother"]


def test_log_lines_in_brackets_are_lines(tmp_path: Path) -> None:
    data = b"[Tue Mar 05 08:00:00 2024] [error] {no json}\n[2024-03-05] next\n"
    assert bytes_of(written(tmp_path / "error.log", data)) == data.splitlines()


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (b'{"a":1}\n{"a":\n{"a":3}', [b'{"a":1}', b'{"a":', b'{"a":3}']),
        (b'{"a":1}\n{"a":"open\n{"a":3}', [b'{"a":1}', b'{"a":"open', b'{"a":3}']),
        (b'{"a":1}\n{"a":2}\n{"a":3', [b'{"a":1}', b'{"a":2}', b'{"a":3']),
        (b'{"a":1}\n}}}\n{"a":3}', [b'{"a":1}', b"}}}", b'{"a":3}']),
        (b'[{"a":1},{"a":"open', [b'{"a":1}', b'{"a":"open']),
        (b'{"Records":[{"a":1}', [b'{"Records":[{"a":1}']),
        (b'\x00\x01\xff\n{"a":3}', [b"\x00\x01\xff", b'{"a":3}']),
    ],
    ids=["cut", "open text", "cut at the end", "brackets", "open array", "open container", "bytes"],
)
def test_what_is_broken_is_a_record_and_costs_no_other(tmp_path: Path, data: bytes, records: list[bytes]) -> None:
    assert bytes_of(written(tmp_path / "log.json", data)) == records


@pytest.mark.parametrize("name", ["log.gz", "log.zst", "log.zip"])
def test_what_cannot_be_unpacked_ends_as_a_refusal_and_not_in_silence(tmp_path: Path, name: str) -> None:
    data = b"".join(b'{"a":%d}\n' % number for number in range(50_000))
    path = tmp_path / name
    if name == "log.zip":
        zipped(path, {"log.json": data})
    else:
        written(path, gzip.compress(data) if name == "log.gz" else zstandard.compress(data))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    raws = read(path)
    assert raws
    with pytest.raises(Rejected):
        normalizer().peek(raws[-1].record, raws[-1].source, raws[-1].hints)


def test_a_member_without_a_time_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"log.json": LINES})
    with zipfile.ZipFile(path) as archive:
        year, month, day, *_ = archive.infolist()[0].date_time
    stamp = ((year - 1980) << 9 | month << 5 | day).to_bytes(2, "little")
    data = path.read_bytes()
    assert data.count(stamp) >= 2
    written(path, data.replace(stamp, b"\0\0"))
    assert bytes_of(path) == RECORDS


def test_a_member_whose_name_or_method_is_broken_costs_nobody_the_replay(tmp_path: Path) -> None:
    named = zipped(tmp_path / "named.zip", {"é.json": LINES})
    written(named, named.read_bytes().replace("é".encode(), b"\xff\xfe"))
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("log.json", LINES * 100)
    data = bytearray(packed.read_bytes())
    data[60:90] = bytes(30)
    written(packed, bytes(data))
    for path in (named, packed):
        assert bytes_of(path)[-1].startswith(b"\0cannot be uncompressed further: ")


@pytest.mark.parametrize("spoil", [lambda whole: whole + b"garbage", lambda whole: whole[:-4]], ids=["more", "less"])
def test_what_comes_before_a_break_is_kept(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    many = b'{"a":1}\n' * 5_000
    *records, failure = bytes_of(written(tmp_path / "log.gz", spoil(gzip.compress(many))))
    assert len(records) == 5_000
    assert failure.startswith(b"\0cannot be uncompressed further: ")


def test_a_file_whose_name_is_no_text_is_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json"))
    (raw,) = read(written(path, b'{"a":1}'))
    assert raw.position.encode() == "\N{REPLACEMENT CHARACTER}.json:0".encode()


def test_an_evtx_file_that_is_none_is_a_refusal(tmp_path: Path) -> None:
    (raw,) = read(written(tmp_path / "log.evtx", b"ElfFile\x00 and nothing that follows"))
    with pytest.raises(Rejected):
        normalizer().peek(raw.record, raw.source, raw.hints)


def test_more_than_a_mebibyte_is_kept_as_far_as_it_tells_that_it_is_too_large(tmp_path: Path) -> None:
    (raw,) = read(written(tmp_path / "log.json", b'{"a":"' + b"x" * 3 * MAX_RECORD_BYTES + b'"}'))
    assert len(raw.record) == MAX_RECORD_BYTES + 1
    with pytest.raises(Rejected, match="larger"):
        normalizer().peek(raw.record, raw.source, raw.hints)


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read(written(tmp_path / "log.json", b"")) == []


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.json")
