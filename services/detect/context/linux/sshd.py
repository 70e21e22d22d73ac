"""Sessions and credentials as sshd tells them, from the fields that ingest took out of its lines."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.entity import canonical_account, canonical_address, canonical_host
from schemas.fact import CredentialUsed, Fact, SessionOpened

Native = Mapping[str, Any]

_HIGHEST_PORT: Final = 65_535


def logon_failed(native: Native, time: int, event: str) -> Fact | None:
    """A credential was refused. A name that the machine does not know is nobody's credential; method `none` tries none."""
    account = _account(native)
    if not account or native.get("invalid_user") is True or native.get("method") == "none":
        return None
    return CredentialUsed(
        time=time, host=_host(native), event=event, method="failure", account=account, client=_client(native)
    )


def session_opened(native: Native, time: int, event: str) -> Fact | None:
    """Somebody was let in. sshd numbers no sessions: on one machine a peer's address and port name one."""
    account, client, port = _account(native), _client(native), native.get("source_port")
    if not account or not client or not isinstance(port, int) or not 0 < port <= _HIGHEST_PORT:
        return None
    return SessionOpened(
        time=time,
        host=_host(native),
        event=event,
        session=f"sshd:{client}:{port}",
        account=account,
        kind="network",
        client=client,
        client_port=port,
    )


def _host(native: Native) -> str:
    return canonical_host(_text(native, "host"))


def _account(native: Native) -> str:
    """An account of the machine's own: its name alone would mean the same on every machine."""
    return canonical_account(_host(native), _text(native, "user"))


def _client(native: Native) -> str:
    return canonical_address(_text(native, "source_ip"))


def _text(native: Native, name: str) -> str:
    value = native.get(name)
    return value if isinstance(value, str) else ""
