"""Security log: accounts, groups, rights and policies that were changed."""

from typing import Final

from schemas.ocsf.classes import OcsfClass as C
from schemas.ocsf.objects import Actor
from services.ingest.values import compact, text_of
from services.ingest.windows.kind import SUBJECT, Parts, kind_of, under
from services.ingest.windows.objects import Get, user_named, user_of
from services.ingest.windows.security_logon import CHANNEL, subject


def account(g: Get) -> Parts:
    """4720 to 4726, 4738, 4740 to 4743, 4765 to 4767, 4781, 4794, 4797, 4798."""
    name = g("TargetUserName") or g("OldTargetUserName") or g("Workstation")
    return {
        "user": user_of(g("TargetDomainName"), name, g("TargetSid")),
        "actor": subject(g),
        "status_id": 2 if str(g("EventType") or g("Keywords")) in ("AUDIT_FAILURE", "0x8010000000000000") else 1,
    }


def group(g: Get) -> Parts:
    """4727 to 4737, 4754 to 4758, 4799: a group made, changed or read."""
    name, sid = text_of(g("TargetUserName")), text_of(g("TargetSid"))
    found = compact({"name": name, "domain": text_of(g("TargetDomainName")), "uid": sid})
    return {
        "group": found if name or sid else None,
        "user": user_named(g("MemberName"), g("MemberSid")) if g("MemberName") or g("MemberSid") else None,
        "actor": subject(g) or _caller(g),
    }


def _caller(g: Get) -> Actor | None:
    user = user_of(g("CallerUserDomain"), g("CallerUserName"))
    return {"user": user} if user else None


def right(g: Get) -> Parts:
    """4704, 4705, 4717, 4718: a right given to or taken from an account."""
    listed = text_of(g("PrivilegeList") or g("AccessGranted") or g("AccessRemoved"))
    return {
        "user": user_of(None, None, g("TargetSid")),
        "actor": subject(g),
        "privileges": listed.split()[:100] if listed else None,
    }


def policy(g: Get) -> Parts:
    """4719, 4739, 4706, 4713, 4817 and others: a policy of the machine or the domain."""
    named = (
        "SubcategoryGuid",
        "DomainPolicyChanged",
        "DomainName",
        "ObjectName",
        "SubcategoryId",
        "PolicyStoreType",
        "AuditSourceName",
    )
    name = next((text for text in map(text_of, map(g, named)) if text), "policy")
    return {"entity": {"name": name, "type": "policy"}, "actor": subject(g)}


def directory_object(g: Get) -> Parts:
    """5136, 5137, 5138, 5139, 5141: an object of the directory."""
    name = text_of(g("ObjectDN")) or text_of(g("NewObjectDN"))
    entity = compact({"name": name, "uid": text_of(g("ObjectGUID")), "type": text_of(g("ObjectClass"))})
    return {"entity": entity if name else None, "actor": subject(g)}


def certificate(g: Get) -> Parts:
    """4886, 4887, 4898, 4899: what the certification authority did."""
    name = (
        text_of(g("Subject"))
        or text_of(g("TemplateInternalName"))
        or text_of(g("Requester"))
        or text_of(g("RequestId"))
    )
    user = user_named(g("Requester"))
    return {
        "entity": {"name": name, "type": "certificate"} if name else None,
        "actor": subject(g) or ({"user": user} if user else None),
    }


def clock_changed(g: Get) -> Parts:
    """4616: somebody set the time."""
    return {"entity": {"name": "system time", "type": "setting"}, "actor": subject(g)}


def registered(g: Get) -> Parts:
    """4611, 4904, 4905, 4610, 4614, 4622: something registered itself with the security system."""
    named = (
        "LogonProcessName",
        "AuditSourceName",
        "AuthenticationPackageName",
        "SecurityPackageName",
        "NotificationPackageName",
    )
    name = next((text for text in map(text_of, map(g, named)) if text), None)
    return {"entity": {"name": name, "type": "security package"} if name else None, "actor": subject(g)}


KINDS: Final = under(
    CHANNEL,
    {
        (4720, 4741): kind_of(C.ACCOUNT_CHANGE, 1, account),
        4722: kind_of(C.ACCOUNT_CHANGE, 2, account),
        (4723, 4794): kind_of(C.ACCOUNT_CHANGE, 3, account),
        4724: kind_of(C.ACCOUNT_CHANGE, 4, account),
        4725: kind_of(C.ACCOUNT_CHANGE, 5, account),
        (4726, 4743): kind_of(C.ACCOUNT_CHANGE, 6, account),
        4740: kind_of(C.ACCOUNT_CHANGE, 9, account),
        4767: kind_of(C.ACCOUNT_CHANGE, 12, account),
        (4738, 4742, 4765, 4766, 4780, 4781, 4797, 4798): kind_of(C.ACCOUNT_CHANGE, 99, account),
        (4728, 4732, 4756, 4746, 4751, 4761, 632, 636): kind_of(C.GROUP_MANAGEMENT, 3, group, (SUBJECT,)),
        (4729, 4733, 4757, 4747, 4752, 4762, 633, 637): kind_of(C.GROUP_MANAGEMENT, 4, group, (SUBJECT,)),
        (4727, 4731, 4754, 4744, 4749, 4759): kind_of(C.GROUP_MANAGEMENT, 6, group, (SUBJECT,)),
        (4730, 4734, 4758, 4748, 4753, 4763, 634): kind_of(C.GROUP_MANAGEMENT, 5, group, (SUBJECT,)),
        (4735, 4737, 4755, 4745, 4750, 4760, 4764, 4799): kind_of(C.GROUP_MANAGEMENT, 99, group, (SUBJECT,)),
        (4704, 4717): kind_of(C.USER_ACCESS, 1, right, (SUBJECT,)),
        (4705, 4718): kind_of(C.USER_ACCESS, 2, right, (SUBJECT,)),
        (4719, 4739, 4706, 4707, 4713, 4715, 4716, 4817, 4907, 4912, 4902): kind_of(
            C.ENTITY_MANAGEMENT, 3, policy, (SUBJECT,)
        ),
        5137: kind_of(C.ENTITY_MANAGEMENT, 1, directory_object, (SUBJECT,)),
        (5136, 5138): kind_of(C.ENTITY_MANAGEMENT, 3, directory_object, (SUBJECT,)),
        5139: kind_of(C.ENTITY_MANAGEMENT, 5, directory_object, (SUBJECT,)),
        5141: kind_of(C.ENTITY_MANAGEMENT, 4, directory_object, (SUBJECT,)),
        (4886, 4887): kind_of(C.ENTITY_MANAGEMENT, 1, certificate, (SUBJECT,)),
        (4898, 4899, 4900): kind_of(C.ENTITY_MANAGEMENT, 3, certificate, (SUBJECT,)),
        4616: kind_of(C.ENTITY_MANAGEMENT, 3, clock_changed, (SUBJECT,)),
        (4610, 4611, 4614, 4622, 4904): kind_of(C.ENTITY_MANAGEMENT, 6, registered, (SUBJECT,)),
        4905: kind_of(C.ENTITY_MANAGEMENT, 7, registered, (SUBJECT,)),
    },
)
