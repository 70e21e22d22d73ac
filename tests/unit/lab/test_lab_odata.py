"""The filters that the products take."""

import pytest

from lab import odata

ROW = {"name": "O'Brien", "on": True, "status": {"code": 0}, "at": "2026-01-02T00:00:00.000Z", "none": None}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("name eq 'O''Brien'", True),
        ("name eq 'o''brien'", False),
        ("on eq true and status/code eq 0", True),
        ("at ge 2026-01-01T00:00:00.000Z and at lt 2026-01-02T00:00:00.000Z", False),
        ("startswith(name,'O')", True),
        ("name ne 'x' and endswith(name, 'ien')", True),
        ("none eq 'x'", False),
        ("none ne 'x'", True),
        ("missing eq ''", False),
    ],
)
def test_what_a_filter_selects(text: str, holds: bool) -> None:
    assert odata.matches(odata.parse(text), ROW) is holds


@pytest.mark.parametrize(
    "text", ["name", "name eq", "name eq 'x' or on eq true", "name eq 'x' name eq 'y'", "f(name,'x')"]
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid filter clause"):
        odata.parse(text)
