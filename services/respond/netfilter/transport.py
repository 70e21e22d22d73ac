"""The way to a host's ``nft``: a process on this machine, or one at the other end of an SSH connection. JSON in, JSON out.

Each call is one process of a constant command line; what differs goes in by its standard input, so that no shell reads any of it.

* the process could not be started            -> NotSent: nothing happened
* it started and its end is not known         -> OutcomeUnknown: only the ruleset can tell
* it ended otherwise than well                -> nothing happened: a ruleset changes whole or not at all
"""

import asyncio
import os
import shutil
import signal
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

import asyncssh

from runtime.failpoints import reach
from services.respond.ports.connectors import CredentialsRefused, NotSent, OutcomeUnknown

NFT: Final = ("nft", "-j", "-f", "-")
ADDRESSES: Final = ("ip", "-j", "address")
_PEER: Final = ("printenv", "SSH_CONNECTION")
_PLACES: Final = "/usr/sbin:/sbin"
_NOT_FOUND: Final = 127


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and what it said."""

    code: int
    out: bytes
    error: str


class Host(Protocol):
    """The machine whose packet filter it is."""

    async def run(self, command: tuple[str, ...], given: bytes = b"", *, is_order: bool = False) -> Said:
        """Run ``command`` there to its end; an order changes something.

        Raises:
            NotSent: it was not started.
            OutcomeUnknown: nobody knows how it ended.
            CredentialsRefused: the host does not let us, or has no such program.
        """
        ...

    async def peer(self) -> str:
        """Return the address from which somebody manages the host through us; ``""`` where nobody does."""
        ...


class ThisHost:
    """The machine that we run on. ``seconds`` is how long a program may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def run(self, command: tuple[str, ...], given: bytes = b"", *, is_order: bool = False) -> Said:
        """See ``Host``."""
        path = f"{os.environ.get('PATH', os.defpath)}:{_PLACES}"
        program = shutil.which(command[0], path=path)
        if program is None:
            raise CredentialsRefused(f"this host has no program {command[0]}: install it")
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                program, *command[1:], stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, "LC_ALL": "C"}
            )
        except OSError as error:
            raise NotSent(f"{program} could not be started: {error}") from error
        if is_order:
            reach("respond.request.sent")
        return await self._end_of(process, given)

    async def peer(self) -> str:
        """Return whence the session came in which we were started."""
        return os.environ.get("SSH_CONNECTION", "").partition(" ")[0]

    async def _end_of(self, process: asyncio.subprocess.Process, given: bytes) -> Said:
        try:
            async with asyncio.timeout(self._seconds):
                out, error = await process.communicate(given)
        except TimeoutError as late:
            raise OutcomeUnknown(f"it did not end within {self._seconds:g} s") from late
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        code = process.returncode or 0
        if code < 0:
            raise OutcomeUnknown(f"it was ended by {signal.Signals(-code).name}")
        return Said(code, out, error.decode(errors="replace"))


class DistantHost:
    """A machine at the other end of an SSH connection, one per call. Only a host key that is known is spoken to.

    ``address`` is ``ssh://user@host:port``; ``key`` and ``known`` are the texts of a private key and of a known_hosts file.
    """

    def __init__(self, address: str, key: str, known: str, seconds: float) -> None:
        url = urlsplit(address)
        self._host, self._port, self._user = url.hostname or "", url.port or 22, url.username or ""
        self._key, self._known = asyncssh.import_private_key(key), asyncssh.import_known_hosts(known)
        self._seconds = seconds

    async def run(self, command: tuple[str, ...], given: bytes = b"", *, is_order: bool = False) -> Said:
        """See ``Host``."""
        helped = self._user != "root" and command == NFT
        line = " ".join(("sudo", "-n", *command) if helped else command)
        async with await self._connection() as connection:
            if is_order:
                reach("respond.request.sent")
            try:
                done = await connection.run(line, input=given, encoding=None, timeout=self._seconds)
            except (asyncssh.Error, OSError) as error:
                raise OutcomeUnknown(f"{type(error).__name__}: {error}") from error
        if done.exit_status is None or done.exit_status < 0:
            raise OutcomeUnknown(f"it was ended by {done.exit_signal[0] if done.exit_signal else 'somebody'}")
        if done.exit_status == _NOT_FOUND:
            raise CredentialsRefused(f"{self._host} has no program {command[0]}: install it")
        return Said(done.exit_status, _bytes(done.stdout), _bytes(done.stderr).decode(errors="replace"))

    async def peer(self) -> str:
        """Return the address from which the host sees us; our own of that connection where it does not say."""
        async with await self._connection() as connection:
            name = connection.get_extra_info("sockname")
            try:
                done = await connection.run(" ".join(_PEER), timeout=self._seconds)
            except (asyncssh.Error, OSError) as error:
                raise NotSent(f"{type(error).__name__}: {error}") from error
        told = str(done.stdout or "").split()
        return told[0] if done.exit_status == 0 and told else str(name[0])

    async def _connection(self) -> asyncssh.SSHClientConnection:
        try:
            return await asyncssh.connect(
                self._host, self._port, username=self._user, client_keys=[self._key], known_hosts=self._known,
                config=[], agent_path=None, password_auth=False, kbdint_auth=False, gss_host=None,
                connect_timeout=self._seconds, login_timeout=self._seconds,
            )  # fmt: skip
        except (asyncssh.HostKeyNotVerifiable, asyncssh.PermissionDenied) as error:
            raise CredentialsRefused(f"SSH to {self._host}: {error}") from error
        except (asyncssh.Error, OSError) as error:
            raise NotSent(f"SSH to {self._host}: {type(error).__name__}: {error}") from error


def _bytes(said: bytes | str | None) -> bytes:
    return said.encode() if isinstance(said, str) else said or b""
