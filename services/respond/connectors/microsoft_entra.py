"""Microsoft Entra ID through Microsoft Graph v1.0: accounts disabled, sign-in sessions revoked.

learn.microsoft.com/graph/api: user-get, user-list, user-update, user-revokesigninsessions, signin-list.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import quote
from uuid import UUID

import httpx

from schemas.control import Control
from schemas.entity import EntityType
from schemas.tenant import ConnectorConfig
from schemas.times import MINUTE, SECOND, from_text, to_text
from services.respond import microsoft
from services.respond.gateway import Gateway, JsonObject, address_problems, json_object, rows
from services.respond.ports.aims import Aim, ControlKind, ControlSpec
from services.respond.ports.connectors import (
    Absent,
    Accepted,
    Ambiguous,
    Connector,
    ConnectorExample,
    Evidence,
    Observed,
    Order,
    OutcomeUnknown,
    Progress,
    Refused,
    Resolved,
    Session,
)

_READ = ("User.Read.All", "AuditLog.Read.All")
_SPECS = {
    Control.ACCOUNT_DISABLED: ControlSpec(
        read_lag=30 * SECOND, effect_lag=5 * MINUTE, rights=(*_READ, "User.EnableDisableAccount.All")
    ),
    Control.SESSIONS_REVOKED: ControlSpec(
        kind=ControlKind.EDGE, read_lag=5 * MINUTE, effect_lag=10 * MINUTE, rights=(*_READ, "User.RevokeSessions.All")
    ),
}
_FIELDS = "id,userPrincipalName,accountEnabled,signInSessionsValidFromDateTime,onPremisesDomainName"
_EVENTUAL = {"ConsistencyLevel": "eventual"}
_DISABLED = 50057
_SOURCE = "GET /v1.0/auditLogs/signIns"


class _Entra:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def resolve(self, aim: Aim) -> Resolved | Ambiguous | Absent:
        """Return the one user that every name of the account leads to."""
        found: dict[str, str] = {}
        for name in (aim.id, *aim.aliases):
            for user in await self._users(name):
                found[str(user["id"])] = str(user.get("userPrincipalName", ""))
        if not found:
            return Absent(f"Entra ID knows no user {aim.id}")
        if len(found) > 1:
            return Ambiguous(tuple(sorted(f"{upn} ({key})" for key, upn in found.items())))
        (key, upn), *_ = found.items()
        return Resolved(key, upn)

    async def observe(self, resolved: Resolved, control: Control, since: int) -> Observed:
        """Return whether the account is disabled, or its sessions refused from ``since`` on."""
        user = await self._one(resolved.id)
        if user is None:
            return Observed(applied=False)
        if control is Control.SESSIONS_REVOKED:
            # Graph tells whole seconds, so a revocation within the second of the intent is ours.
            return Observed(applied=_watermark(user) >= since - since % SECOND)
        enabled = user.get("accountEnabled") is True
        return Observed(applied=not enabled, pre_image={"accountEnabled": enabled})

    async def apply(self, order: Order) -> Accepted | Refused:
        """Disable the account, or revoke its sessions."""
        path, headers = f"/v1.0/users/{order.resolved.id}", {"client-request-id": order.key}
        if order.control is Control.SESSIONS_REVOKED:
            answer = await self._gateway.order("POST", f"{path}/revokeSignInSessions", headers=headers)
        else:
            answer = await self._gateway.order("PATCH", path, body={"accountEnabled": False}, headers=headers)
        return answer if isinstance(answer, Refused) else Accepted()

    async def poll(self, control: Control, handle: str) -> Progress:  # noqa: ARG002 nothing is asynchronous here
        """Graph gives no handle."""
        return Progress("unknown", "Graph gives no handle")

    async def release(self, order: Order, pre_image: Mapping[str, Any]) -> Accepted | Refused:
        """Enable the account again, if it was enabled before."""
        if order.control is Control.SESSIONS_REVOKED or pre_image.get("accountEnabled") is not True:
            return Refused("permanent", "there is nothing of ours to restore")
        path, headers = f"/v1.0/users/{order.resolved.id}", {"client-request-id": order.key}
        answer = await self._gateway.order("PATCH", path, body={"accountEnabled": True}, headers=headers)
        return answer if isinstance(answer, Refused) else Accepted()

    async def verify(self, resolved: Resolved, control: Control, since: int) -> Evidence:
        """Return what the sign-in log says: refusals of a disabled account; fresh sign-ins alone after a revocation."""
        clause = f"userId eq {microsoft.quoted(resolved.id)} and createdDateTime ge {to_text(since)}"
        found = rows(await self._gateway.read("GET", "/v1.0/auditLogs/signIns", params={"$filter": clause}))
        admitted = [row for row in found if _error(row) == 0]
        refused = sum(_error(row) == _DISABLED for row in found)
        if control is Control.SESSIONS_REVOKED:
            silent = sum(row.get("isInteractive") is False for row in admitted)
            counts = {"silent": silent, "interactive": len(admitted) - silent, "refused": refused}
            return Evidence(_verdict(against=silent, for_it=len(found)), _SOURCE, counts)
        counts = {"admitted": len(admitted), "refused": refused}
        return Evidence(_verdict(against=len(admitted), for_it=refused), _SOURCE, counts)

    async def _users(self, name: str) -> list[JsonObject]:
        if "@" in name or _is_object_id(name):
            user = await self._one(name)
            return [user] if user is not None else []
        if name.upper().startswith("S-1-"):
            return await self._search(f"onPremisesSecurityIdentifier eq {microsoft.quoted(name)}")
        domain, _, account = name.rpartition("\\")
        if not domain or not account:
            return []
        found = await self._search(f"onPremisesSamAccountName eq {microsoft.quoted(account)}")
        return [user for user in found if _first_label(user) == domain.casefold()]

    async def _one(self, key: str) -> JsonObject | None:
        path = f"/v1.0/users/{quote(key, safe='@')}"
        answer = await self._gateway.read("GET", path, params={"$select": _FIELDS})
        return None if answer.status_code == 404 else json_object(answer)

    async def _search(self, clause: str) -> list[JsonObject]:
        params = {"$filter": clause, "$count": "true", "$select": _FIELDS}
        return rows(await self._gateway.read("GET", "/v1.0/users", params=params, headers=_EVENTUAL))


class _MicrosoftEntra:
    name = "microsoft_entra"
    secrets = microsoft.SECRETS

    @property
    def specs(self) -> Mapping[Control, ControlSpec]:
        """Accounts disabled; sessions revoked, which cannot be undone: the user signs in again."""
        return _SPECS

    @property
    def examples(self) -> tuple[ConnectorExample, ...]:
        """Accounts under their canonical ids."""
        return _EXAMPLES

    def problems(self, config: ConnectorConfig) -> tuple[str, ...]:
        """It speaks HTTP."""
        return address_problems(config.base_url)

    def refuses(self, control: Control, aim: Aim) -> str:  # noqa: ARG002 both controls take accounts
        """It takes accounts that a directory may know."""
        return "" if aim.type is EntityType.ACCOUNT else f"Entra ID takes accounts, no {aim.type}"

    def open(self, config: ConnectorConfig, client: httpx.AsyncClient, clock: Callable[[], int]) -> Session:
        """Return the directory that ``config`` describes."""
        return _Entra(microsoft.gateway(config, client, clock))


def _watermark(user: JsonObject) -> int:
    text = user.get("signInSessionsValidFromDateTime")
    try:
        return from_text(str(text))
    except ValueError as error:
        raise OutcomeUnknown(f"Graph says an instant that is none: {text!r}") from error


def _error(row: JsonObject) -> int:
    status = row.get("status")
    return int(status.get("errorCode", -1)) if isinstance(status, dict) else -1


def _verdict(against: int, for_it: int) -> Literal["holds", "contradicts", "inconclusive"]:
    if against:
        return "contradicts"
    return "holds" if for_it else "inconclusive"


def _first_label(user: JsonObject) -> str:
    return str(user.get("onPremisesDomainName") or "").partition(".")[0].casefold()


def _is_object_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


_EXAMPLES = (
    ConnectorExample(
        "a synchronised account", Control.ACCOUNT_DISABLED, Aim(EntityType.ACCOUNT, "CORP\\jane"), taken=True
    ),
    ConnectorExample(
        "a cloud account", Control.SESSIONS_REVOKED, Aim(EntityType.ACCOUNT, "j@corp.example"), taken=True
    ),
    ConnectorExample("a machine", Control.ACCOUNT_DISABLED, Aim(EntityType.HOST, "WKS01"), taken=False),
)

CONNECTOR: Final[Connector] = _MicrosoftEntra()
