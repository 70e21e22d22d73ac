"""The configuration of docs/how-to/guard-sshd.md, exactly as it stands there, is taken by every service."""

import re
from collections.abc import Mapping
from pathlib import Path

from runtime.clock import WallClock
from runtime.config import load
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from schemas.control import Control
from schemas.finding import Stage
from schemas.mode import Mode
from stanch.assembly import SECTIONS, Settings, assemble

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "guard-sshd.md"
MOST_LINES = 10


def files() -> Mapping[str, str]:
    """What the page says belongs into which file."""
    return dict(re.findall(r"^`([a-z/]+\.yaml)`\n\n```yaml\n(.*?)```", PAGE.read_text(), re.MULTILINE | re.DOTALL))


async def test_its_ten_lines_run(tmp_path: Path) -> None:
    for name, text in files().items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = load(tmp_path / "stanch.yaml", SECTIONS, {})
    settings = Settings(**found.settings)
    tenant = found.tenants["home"]
    assert sum(len(text.splitlines()) for text in files().values()) <= MOST_LINES + 1, "ten, and the version"
    assert (tenant.mode, tenant.hold_minutes) == (Mode.ARMED, 60)
    assert tenant.modes == {Control.ACCOUNT_DISABLED: Mode.OBSERVE}
    assert settings.correlate.stages == {"sshd_guessing": Stage.CONTAIN}
    log = EmbeddedLog(tmp_path / "log.sqlite3", WallClock())
    try:
        deployment = Deployment(log, found.tenants, WallClock(), tmp_path)
        workers = assemble(lambda _: deployment, settings)
    finally:
        await log.close()
    assert workers[0].name == "ingest.tail"
