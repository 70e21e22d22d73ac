"""The configuration that a replay writes for its processes says what the replay was given."""

import stat
from pathlib import Path

from runtime.config import load
from schemas.tenant import Tenant
from stanch.assembly import SECTIONS, Settings
from stanch.replay.files import write
from stanch.replay.laboratory import armed_against_the_lab

TENANT = Tenant.model_validate(
    {
        "slug": "acme",
        "networks": ["10.0.0.0/8", "fd00::/8"],
        "token": "a-token",
        "modes": {"net.ip_block": "OBSERVE"},
        "assets": [{"name": "DC01", "class": "domain_controller", "protected": True}],
    }
)


def sections(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in type(settings).model_fields}


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    tenant = armed_against_the_lab(TENANT)
    settings = Settings.model_validate({"match": {"stages": {"a-rule": "alert"}}, "respond": {"dispatch_ms": 1_500}})
    path = write(tmp_path, {name: getattr(settings, name) for name in SECTIONS}, [tenant])
    found = load(path, SECTIONS, {})
    assert dict(found.settings) == sections(settings)
    assert found.tenants == {"acme": tenant}


def test_secrets_lie_in_files_of_their_own_that_only_the_owner_reads(tmp_path: Path) -> None:
    tenant = armed_against_the_lab(TENANT)
    path = write(tmp_path, {}, [tenant])
    written = path.read_text() + (tmp_path / "tenants" / "acme.yaml").read_text()
    assert "a-token" not in written
    assert all("lab-secret" not in text for text in (written,))
    kept = list((tmp_path / "secrets").iterdir())
    assert "a-token" in {one.read_text() for one in kept}
    assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in kept)
