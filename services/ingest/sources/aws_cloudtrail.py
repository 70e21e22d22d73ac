"""AWS CloudTrail: management and data events, console sign-ins, as single records."""

from collections.abc import Mapping
from typing import Any, Final

from runtime.errors import Rejected
from schemas.event import LogSource
from schemas.ocsf.classes import VERSION, OcsfClass, head_of, is_complete
from schemas.ocsf.objects import ACCOUNT, ADDRESS, CREDENTIAL, Actor, Endpoint, Event, Observable, User
from services.ingest.decoding import is_verbatim, object_of
from services.ingest.instants import instant_of
from services.ingest.ports import Example, Hints, Parsed, Source, TimeQuality
from services.ingest.values import address_id, compact, observable, text_of

_LOGSOURCE: Final = LogSource("aws", "", "cloudtrail")
_VERBS: Final = (
    (("Create", "Run", "Put", "Add", "Import", "Register", "Allocate", "Upload", "Generate", "Issue"), 1),
    (("Get", "List", "Describe", "Head", "Lookup", "Search", "Query", "Scan", "Select", "BatchGet", "Download", "Filter"), 2),
    (("Update", "Modify", "Set", "Attach", "Detach", "Enable", "Disable", "Change", "Tag", "Untag", "Associate", "Start",
      "Stop", "Reboot", "Authorize", "Revoke", "Replace", "Restore"), 3),
    (("Delete", "Remove", "Terminate", "Deregister", "Release", "Cancel", "Deactivate"), 4),
)  # fmt: skip
_SIGN_IN: Final = frozenset({"ConsoleLogin", "SwitchRole", "ExitRole", "CheckMfa", "RenewRole", "GetSigninToken"})


def parse(record: bytes, hints: Hints) -> Parsed:
    """Return the event of one record.

    Raises:
        Rejected: no JSON object that names an API's event and source.
    """
    trail = object_of(record)
    name, service = trail.get("eventName"), trail.get("eventSource")
    if text_of(name) is None or text_of(service) is None:
        raise Rejected("no CloudTrail record: it names no eventName or no eventSource")
    time, quality, original = _time(trail, hints.at)
    event = _sign_in(trail) if name in _SIGN_IN else _api_call(trail)
    event.update(_shared(trail), time=time, metadata=_metadata(trail, original, quality))
    observables = _observables(trail)
    entity = next((item["value"] for item in observables if item["type_id"] == ACCOUNT), "")
    kind = f"cloudtrail/{(text_of(trail.get('eventType')) or 'unknown')[:80].lower()}"
    return Parsed(
        event, record if is_verbatim(record) else trail, _LOGSOURCE, kind, time, quality, observables, entity,
        mapped=is_complete(event),
    )  # fmt: skip


def _api_call(trail: Mapping[str, Any]) -> Event:
    name = trail["eventName"]
    activity = next((number for verbs, number in _VERBS if name.startswith(verbs)), 99)
    return {
        **head_of(OcsfClass.API, activity),
        "actor": _actor(trail),
        "api": compact(
            {
                "operation": name,
                "service": {"name": trail["eventSource"]},
                "version": text_of(trail.get("apiVersion")),
                "request": _request(trail),
            }
        ),
        "src_endpoint": _endpoint(trail),
    }


def _sign_in(trail: Mapping[str, Any]) -> Event:
    answer = trail.get("responseElements")
    outcome = next(iter(answer.values()), None) if isinstance(answer, Mapping) else None
    return {
        **head_of(OcsfClass.AUTHENTICATION, 1),
        "user": _user(trail) or {"name": "unknown"},
        "actor": _actor(trail),
        "service": {"name": trail["eventSource"]},
        "src_endpoint": _endpoint(trail),
        "status_id": 2 if outcome == "Failure" else 1,
    }


def _shared(trail: Mapping[str, Any]) -> Event:
    """Return what both kinds say of the cloud, the outcome, the client."""
    error = text_of(trail.get("errorCode"))
    agent = text_of(trail.get("userAgent"))
    account = text_of(trail.get("recipientAccountId"))
    cloud = {
        "provider": "AWS",
        "region": text_of(trail.get("awsRegion")),
        "account": {"uid": account, "type_id": 10} if account else None,
    }
    fields = {
        "cloud": compact(cloud),
        "http_request": {"user_agent": agent} if agent else None,
        "status_id": 2 if error else None,
        "status_code": error,
        "status_detail": text_of(trail.get("errorMessage")),
    }
    return compact(fields)


def _identity(trail: Mapping[str, Any]) -> Mapping[str, Any]:
    found = trail.get("userIdentity")
    return found if isinstance(found, Mapping) else {}


def _user(trail: Mapping[str, Any]) -> User | None:
    identity = _identity(trail)
    arn = text_of(identity.get("arn"))
    name = (
        text_of(identity.get("userName"))
        or (arn.rsplit("/", 1)[-1] if arn else None)
        or text_of(identity.get("invokedBy"))
    )
    uid = arn or text_of(identity.get("principalId"))
    account = text_of(identity.get("accountId"))
    user: dict[str, Any] = {
        "name": name,
        "uid": uid,
        "type": text_of(identity.get("type")),
        "credential_uid": text_of(identity.get("accessKeyId")),
        "account": {"uid": account} if account else None,
    }
    return User(**compact(user)) if name or uid else None  # type: ignore[typeddict-item]  # the names are User's own


def _actor(trail: Mapping[str, Any]) -> Actor:
    """Return who called; a service that acts by itself has no identity but its own name."""
    actor: Actor = {}
    user = _user(trail)
    if user is not None:
        actor["user"] = user
    issuer = _issuer(trail)
    if issuer:
        actor["session"] = {"issuer": issuer}
    invoked = text_of(_identity(trail).get("invokedBy"))
    if invoked or not actor:
        actor["invoked_by"] = invoked or trail["eventSource"]
    return actor


def _issuer(trail: Mapping[str, Any]) -> str | None:
    context = _identity(trail).get("sessionContext")
    issuer = context.get("sessionIssuer") if isinstance(context, Mapping) else None
    return text_of(issuer.get("arn")) if isinstance(issuer, Mapping) else None


def _endpoint(trail: Mapping[str, Any]) -> Endpoint:
    """Return the caller's address; a service of AWS calls by its own name."""
    text = text_of(trail.get("sourceIPAddress"))
    address = address_id(text)
    return {"ip": address} if address else {"svc_name": text or trail["eventSource"]}


def _request(trail: Mapping[str, Any]) -> dict[str, str] | None:
    uid = text_of(trail.get("requestID"))
    return {"uid": uid} if uid else None


def _time(trail: Mapping[str, Any], at: int) -> tuple[int, TimeQuality, str]:
    for name, quality in (("eventTime", TimeQuality.SYSTEM), ("@timestamp", TimeQuality.SHIPPER)):
        found = instant_of(trail.get(name))
        if found is not None:
            return found, quality, str(trail[name])
    return at, TimeQuality.RECEIPT, ""


def _metadata(trail: Mapping[str, Any], original: str, quality: TimeQuality) -> dict[str, Any]:
    fields = {
        "version": VERSION,
        "product": {"name": "CloudTrail", "vendor_name": "AWS"},
        "profiles": ["cloud", "host"],
        "event_code": trail["eventName"],
        "log_provider": trail["eventSource"],
        "original_event_uid": text_of(trail.get("eventID")),
        "original_time": original or None,
        "labels": [f"time:{quality}"],
    }
    return compact(fields)


def _observables(trail: Mapping[str, Any]) -> list[Observable]:
    """Return the caller by ARN, its key, its address."""
    identity = _identity(trail)
    named = (
        ("actor.user.uid", ACCOUNT, text_of(identity.get("arn"))),
        ("actor.user.credential_uid", CREDENTIAL, text_of(identity.get("accessKeyId"))),
        ("src_endpoint.ip", ADDRESS, address_id(trail.get("sourceIPAddress"))),
    )
    return [observable(name, type_id, value) for name, type_id, value in named if value and len(value) <= 2048]


def recognises(record: bytes, hints: Hints) -> bool:  # noqa: ARG001  the contract's second argument
    """Whether the record names an API's event and source at once."""
    return b'"eventSource"' in record and b'"eventName"' in record


_CREATE_USER: Final = (
    b'{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:ci",'
    b'"arn":"arn:aws:sts::111122223333:assumed-role/deploy/ci","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE",'
    b'"sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/deploy"}}},'
    b'"eventTime":"2024-03-05T08:30:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser",'
    b'"awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15","requestID":"r-1",'
    b'"eventID":"e-1","eventType":"AwsApiCall","errorCode":"AccessDenied","recipientAccountId":"111122223333"}'
)
_CONSOLE: Final = (
    b'{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana",'
    b'"accountId":"111122223333","userName":"ana"},"eventTime":"2024-03-05T08:31:00Z","eventSource":"signin.amazonaws.com",'
    b'"eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.8","eventType":"AwsConsoleSignIn",'
    b'"responseElements":{"ConsoleLogin":"Failure"}}'
)
_BY_SERVICE: Final = (
    b'{"eventVersion":"1.08","userIdentity":{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"},'
    b'"eventTime":"2024-03-05T08:32:00Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole",'
    b'"awsRegion":"eu-west-1","sourceIPAddress":"autoscaling.amazonaws.com","eventType":"AwsApiCall"}'
)

SOURCE: Final[Source] = Source(
    name="aws_cloudtrail",
    parse=parse,
    recognises=recognises,
    order=20,
    examples=(
        Example(
            _CREATE_USER,
            kind="cloudtrail/awsapicall",
            class_uid=6003,
            time=1_709_627_400_000,
            expected={
                "activity_id": 1,
                "api.operation": "CreateUser",
                "actor.user.uid": "arn:aws:sts::111122223333:assumed-role/deploy/ci",
                "src_endpoint.ip": "198.51.100.7",
                "status_id": 2,
                "cloud.region": "us-east-1",
            },
            native={"eventName": "CreateUser"},
        ),
        Example(
            _CONSOLE,
            kind="cloudtrail/awsconsolesignin",
            class_uid=3002,
            time=1_709_627_460_000,
            expected={"status_id": 2, "user.name": "ana"},
        ),
        Example(
            _BY_SERVICE,
            kind="cloudtrail/awsapicall",
            class_uid=6003,
            time=1_709_627_520_000,
            expected={
                "src_endpoint.svc_name": "autoscaling.amazonaws.com",
                "actor.invoked_by": "autoscaling.amazonaws.com",
            },
        ),
    ),
)
