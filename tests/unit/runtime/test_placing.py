"""What a service finds wrong gets the file and the line where it stands."""

from pathlib import Path

from runtime.config import placed


def test_a_place_in_a_tenant_or_a_section_becomes_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "stanch.yaml").write_text("version: 1\nnotify:\n  channels:\n    pager: {}\n")
    (tmp_path / "tenants" / "acme.yaml").write_text("connectors:\n  - {name: a}\n  - {name: b}\n")
    problems = ("tenant acme: connectors.1: b: no such kind", "notify.channels.pager: no such channel")
    assert placed(tmp_path, problems) == (
        f"{tmp_path}/tenants/acme.yaml:3: connectors.1: b: no such kind",
        f"{tmp_path}/stanch.yaml:4: notify.channels.pager: no such channel",
    )


def test_what_names_no_place_stays_as_it_is(tmp_path: Path) -> None:
    told = ("rules/a.yml:7: no title", "the disk is full")
    assert placed(tmp_path / "stanch.yaml", told) == told


def test_a_place_in_a_file_that_is_gone_still_names_the_file(tmp_path: Path) -> None:
    (problem,) = placed(tmp_path, ("tenant acme: contacts.0: no such channel",))
    assert problem == f"{tmp_path}/tenants/acme.yaml:1: contacts.0: no such channel"
