"""Microsoft Entra ID behind Microsoft Graph v1.0: users, session revocation, sign-in logs."""

from collections.abc import Mapping
from itertools import islice
from typing import Annotated

from fastapi import Body, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from lab import odata
from lab.product import Product, Refusal, issue_token
from lab.timeline import Timeline
from lab.times import from_text, to_text
from lab.world import Account, World

NAME = "entra"
_DEFAULT = ("businessPhones", "displayName", "id", "mail", "userPrincipalName")
_SIMPLE = frozenset({"id", "userPrincipalName", "displayName", "accountEnabled", "onPremisesSecurityIdentifier"})
_ADVANCED = frozenset({"onPremisesSamAccountName", "onPremisesDomainName"})
_SIGN_IN_FIELDS = frozenset({"userId", "userPrincipalName", "createdDateTime", "status/errorCode"})
_CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
_DISABLED = 50057
_LOOK_BACK = 30 * 24 * 3_600_000


class Patch(BaseModel):
    """Body of a change: the one property that the application may write."""

    model_config = ConfigDict(extra="forbid")
    enabled: StrictBool = Field(alias="accountEnabled")


class Entra:
    """The product's routes."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._world = product.world

    def open_door(self) -> Product:
        """Return the product with its routes."""
        add = self._product.add_api_route
        add("/{directory}/oauth2/v2.0/token", self.token, methods=["POST"])
        add("/v1.0/users", self.search, methods=["GET"])
        add("/v1.0/users/{key}", self.one, methods=["GET"])
        add("/v1.0/users/{key}", self.patch, methods=["PATCH"])
        add("/v1.0/users/{key}/revokeSignInSessions", self.revoke, methods=["POST"])
        add("/v1.0/auditLogs/signIns", self.sign_ins, methods=["GET"])
        return self._product

    async def token(self, directory: str, request: Request) -> JSONResponse:  # noqa: ARG002 every directory is this one
        """Answer the client-credentials grant."""
        return await issue_token(self._product, request)

    async def search(self, request: Request) -> Response:
        """Return the users that the filter selects."""
        self._admit(request, "User.Read.All")
        clauses = _filter(request.query_params, _SIMPLE | _ADVANCED)
        eventual = request.headers.get("consistencylevel", "").lower() == "eventual"
        counted = request.query_params.get("$count", "").lower() == "true"
        if any(clause.field in _ADVANCED for clause in clauses) and not (eventual and counted):
            raise Refusal(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.")
        found = [row for row in map(self._view, self._world.accounts.values()) if odata.matches(clauses, row)]
        rows = [_select(request.query_params, row) for row in found]
        return _graph(request, {"@odata.context": f"{_CONTEXT}users", "@odata.count": len(rows), "value": rows})

    async def one(self, key: str, request: Request) -> Response:
        """Return a user by object id or user principal name."""
        self._admit(request, "User.Read.All")
        row = _select(request.query_params, self._view(self._find(key)))
        return _graph(request, {"@odata.context": f"{_CONTEXT}users/$entity", **row})

    async def patch(self, key: str, patch: Annotated[Patch, Body()], request: Request) -> Response:
        """Enable or disable a user; the same again is accepted and changes nothing."""
        self._admit(request, "User.EnableDisableAccount.All")
        account, operation = self._find(key), "enable" if patch.enabled else "disable"
        self._demand_rank(account)
        self._product.meet(operation, account.names())
        struck, now = self._product.strike(request, operation, account.names()), self._world.clock()
        if account.desired is not patch.enabled:
            self._world.transitions.add(NAME, account.name, operation, _cause(request), now)
        account.desired = patch.enabled
        if not struck.stuck:
            _turn(account.enabled, now + struck.delay, patch.enabled)
        if not (struck.stuck or struck.ineffective):
            _turn(account.admitted, now + struck.delay + self._world.timings.directory_lag, patch.enabled)
        return Response(status_code=204, headers=_ids(request))

    async def revoke(self, key: str, request: Request) -> Response:
        """Refuse the sessions that a user has now; visible after a while."""
        self._admit(request, "User.RevokeSessions.All")
        account = self._find(key)
        self._demand_rank(account)
        self._product.meet("revoke", account.names())
        struck, now = self._product.strike(request, "revoke", account.names()), self._world.clock()
        self._world.transitions.add(NAME, account.name, "revoke", _cause(request), now)
        if not (struck.stuck or struck.ineffective):
            account.valid_from.append((now + self._world.timings.revoke_lag + struck.delay, now))
        return _graph(request, {"@odata.context": f"{_CONTEXT}Edm.Boolean", "value": True})

    async def sign_ins(self, request: Request) -> Response:
        """Return the attempts to sign in that the filter selects, the newest first."""
        self._admit(request, "AuditLog.Read.All")
        clauses = _filter(request.query_params, _SIGN_IN_FIELDS)
        since = max(_since(clauses) - 1, self._world.clock() - _LOOK_BACK)
        users = [one for one in self._world.accounts.values() if _concerns(clauses, one)]
        rows = [row for one in users for row in self._attempts(one, since) if _match_attempt(clauses, row)]
        rows.sort(key=lambda row: str(row["createdDateTime"]), reverse=True)
        top = int(request.query_params.get("$top", "1000"))
        return _graph(request, {"@odata.context": f"{_CONTEXT}auditLogs/signIns", "value": rows[:top]})

    def _attempts(self, account: Account, since: int) -> list[dict[str, object]]:
        beats = account.admitted.newest(
            self._world.sign_ins(account), max(since, account.enrolled_at), self._world.clock()
        )
        return [_attempt(account, instant, admitted) for instant, admitted in islice(beats, 1000)]

    def _find(self, key: str) -> Account:
        upn = key.lower()
        found = next((one for one in self._world.accounts.values() if upn in (one.object_id, one.upn)), None)
        if found is None:
            raise Refusal(404, "Request_ResourceNotFound", f"Resource '{key}' does not exist.")
        return found

    def _demand_rank(self, account: Account) -> None:
        if account.privileged:
            raise Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    def _admit(self, request: Request, right: str) -> None:
        self._product.demand_token(request, "InvalidAuthenticationToken")
        self._product.demand_right(right, "Authorization_RequestDenied")
        self._product.meet("read" if request.method == "GET" else "", ())

    def _view(self, account: Account) -> dict[str, object]:
        now = self._world.clock()
        return {
            "id": account.object_id,
            "userPrincipalName": account.upn,
            "displayName": account.sam,
            "mail": account.upn,
            "businessPhones": [],
            "userType": "Member",
            "accountEnabled": account.enabled.value(now),
            "onPremisesSamAccountName": account.sam if account.dns_domain else None,
            "onPremisesDomainName": account.dns_domain or None,
            "onPremisesSecurityIdentifier": account.sid or None,
            "onPremisesSyncEnabled": bool(account.dns_domain),
            "signInSessionsValidFromDateTime": to_text(account.sessions_valid_from(now)),
        }


def entra(world: World) -> Product:
    """Return the door of Graph over ``world``; paths and codes follow learn.microsoft.com/graph/api."""
    return Entra(Product(world, NAME)).open_door()


def _turn(timeline: Timeline, at: int, value: bool) -> None:
    if timeline.wanted() is not value:
        timeline.turn(at, value)


def _attempt(account: Account, instant: int, admitted: bool) -> dict[str, object]:
    return {
        "id": f"{account.object_id}-{instant}",
        "createdDateTime": to_text(instant),
        "userId": account.object_id,
        "userPrincipalName": account.upn,
        "appDisplayName": "Office 365 Exchange Online",
        "isInteractive": True,
        "status": {
            "errorCode": 0 if admitted else _DISABLED,
            "failureReason": "Other." if admitted else "The user account is disabled.",
        },
    }


def _filter(query: Mapping[str, str], allowed: frozenset[str]) -> tuple[odata.Clause, ...]:
    try:
        clauses = odata.parse(query.get("$filter", ""))
    except ValueError as error:
        raise Refusal(400, "BadRequest", str(error)) from error
    for clause in clauses:
        if clause.field not in allowed:
            raise Refusal(400, "Request_UnsupportedQuery", f"Unsupported property '{clause.field}' in the filter.")
    return clauses


def _since(clauses: tuple[odata.Clause, ...]) -> int:
    texts = [clause.value for clause in clauses if clause.field == "createdDateTime" and clause.how in ("ge", "gt")]
    try:
        return max(map(from_text, texts), default=0)
    except ValueError as error:
        raise Refusal(400, "BadRequest", f"createdDateTime: {error}") from error


def _concerns(clauses: tuple[odata.Clause, ...], account: Account) -> bool:
    known = {"userId": account.object_id, "userPrincipalName": account.upn}
    return all(clause.holds(known) for clause in clauses if clause.field in known)


def _match_attempt(clauses: tuple[odata.Clause, ...], row: dict[str, object]) -> bool:
    return odata.matches(tuple(one for one in clauses if one.how not in ("ge", "gt")), row)


def _select(query: Mapping[str, str], row: dict[str, object]) -> dict[str, object]:
    wanted = [name.strip() for name in query.get("$select", ",".join(_DEFAULT)).split(",")]
    return {name: row[name] for name in wanted if name in row}


def _cause(request: Request) -> str:
    return request.headers.get("client-request-id", "")


def _ids(request: Request) -> dict[str, str]:
    client = _cause(request)
    return {"request-id": client or "lab", **({"client-request-id": client} if client else {})}


def _graph(request: Request, body: dict[str, object]) -> Response:
    return JSONResponse(body, headers=_ids(request))
