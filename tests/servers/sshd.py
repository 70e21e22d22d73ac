"""An unmodified sshd of a test's own: its own keys, its own configuration, ended by its process."""

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncssh

from tests.servers.kafka import free_ports
from tests.servers.namespaces import Namespace, program

_PATIENCE: Final = 10.0
_PRIVILEGE_SEPARATION: Final = Path("/run/sshd")


@dataclass(frozen=True, slots=True)
class Sshd:
    """A server. ``client_key`` is let in as root where its configuration lets root in; ``log`` is what ``-E`` writes."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    client_key: str
    known_hosts: str

    def stop(self) -> None:
        """End it; sessions that stand already live on."""
        self.process.terminate()
        self.process.wait(timeout=_PATIENCE)


@contextlib.contextmanager
def running_sshd(
    folder: Path, lines: Sequence[str] = (), where: Namespace | None = None, address: str = "127.0.0.1"
) -> Iterator[Sshd]:
    """A server that listens on ``address``, in ``where``; ``lines`` come first in its configuration."""
    binary, port = program("sshd"), 22 if where else free_ports(1)[0]
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    host_key, client_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host_key.write_private_key(folder / "host_key")
    (folder / "host_key").chmod(0o600)
    (folder / "authorized_keys").write_bytes(client_key.export_public_key())
    (folder / "sshd_config").write_text("\n".join((*lines, *_settings(folder, address, port), "")))
    command = [binary, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]
    process = subprocess.Popen(where.command(*command) if where else command)
    known = f"[{address}]:{port} {host_key.export_public_key().decode()}"
    server = Sshd(process, port, folder / "sshd.log", client_key.export_private_key().decode(), known)
    try:
        _wait(server)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _settings(folder: Path, address: str, port: int) -> Sequence[str]:
    return (
        f"ListenAddress {address}",
        f"Port {port}",
        f"HostKey {folder / 'host_key'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "UseDNS no",
    )


def _wait(server: Sshd) -> None:
    end = time.monotonic() + _PATIENCE
    while not (server.log.exists() and "Server listening" in server.log.read_text()):
        assert server.process.poll() is None, f"sshd ended: {server.log.read_text() if server.log.exists() else ''}"
        assert time.monotonic() < end, "sshd does not listen"
        time.sleep(0.05)
