"""The outbox: queued -> sent -> accepted | failed. What is sent stands in the ledger before it is sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.machine import Action
from schemas.identity import derived_uid
from schemas.notification import Cause, Notification, State
from schemas.tenant import Contact
from schemas.times import HOUR, to_text
from services.notify.core.draft import Draft
from services.notify.core.state import Delivery, Thread, heads
from services.notify.core.timing import Timings, pause
from services.notify.plain import LINE, plain
from services.notify.ports import Renderers, View
from services.notify.text import tell

SEND = "send"
LONGEST_WISH = HOUR


def contact_uid(contact: Contact) -> str:
    """Return the id of a contact: where it is reached, and nothing that would give the address away."""
    return derived_uid("contact", contact.channel, contact.address)[:13]


def delivery_uid(tenant: str, incident: str, contact: str, sequence: int) -> str:
    """Return the idempotency key of one version of one incident's message to one contact."""
    return derived_uid("notification", tenant, incident, contact, str(sequence))


def compose_deliveries(view: View, contacts: Sequence[Contact], renderers: Renderers) -> list[Delivery]:
    """Return the message of ``view`` for each contact, rendered by its channel."""
    text, reason = tell(view), plain(view.change, LINE)
    found: list[Delivery] = []
    for contact in contacts:
        body = renderers[contact.channel](view)
        who = contact_uid(contact)
        found.append(
            Delivery(
                uid=delivery_uid(view.tenant, view.incident, who, view.sequence), contact=who, channel=contact.channel,
                sequence=view.sequence, cause=view.cause, reason=reason, text=text, title=body.title,
                content=body.content, content_type=body.content_type, queued=view.at, due=view.at,
            )
        )  # fmt: skip
    return found


def dispatch(draft: Draft, uid: str) -> None:
    """Send what is due: per contact the oldest version that has not been accepted."""
    thread = draft.thread(uid)
    for delivery in heads(thread) if thread else ():
        if not delivery.sent and delivery.due <= draft.now:
            _send(draft, uid, delivery)


def resend(draft: Draft, thread: Thread) -> None:
    """Send again what was under way when the owner before stopped: nobody knows whether it arrived."""
    for delivery in thread.outbox:
        if delivery.sent:
            draft.act(_action(draft.tenant, thread.uid, delivery))


def settle(draft: Draft, thread: Thread, delivery: Delivery, data: Mapping[str, Any], timings: Timings) -> None:
    """Record what the provider said, and send what waited behind it."""
    if data.get("result") == "accepted":
        draft.write("accepted", thread.uid, {"delivery": delivery.uid})
        draft.publish(_notification(draft, thread.uid, delivery, "accepted", plain(str(data.get("reason", "")), LINE)))
    else:
        _failed(draft, thread, delivery, data, timings)
    dispatch(draft, thread.uid)


def _failed(draft: Draft, thread: Thread, delivery: Delivery, data: Mapping[str, Any], timings: Timings) -> None:
    reason = plain(str(data.get("reason", "no reason given")), LINE)
    if draft.now - delivery.queued >= timings.give_up:
        draft.write("failed", thread.uid, {"delivery": delivery.uid, "reason": reason})
        given_up = f"given up after {delivery.attempts} attempts: {reason}"
        draft.publish(_notification(draft, thread.uid, delivery, "failed", given_up))
        return
    due = min(draft.now + _wait(delivery, data, timings), delivery.queued + timings.give_up)
    draft.write("retry", thread.uid, {"delivery": delivery.uid, "due": due, "reason": reason})
    again = f"{reason}; tried again at {to_text(due)}"
    draft.publish(_notification(draft, thread.uid, delivery, "queued", again))


def _wait(delivery: Delivery, data: Mapping[str, Any], timings: Timings) -> int:
    if data.get("result") == "refused" or data.get("failure") == "rejected":
        return timings.longest_pause
    wished = min(int(data.get("retry_after", 0)), LONGEST_WISH)
    return max(wished, pause(delivery.attempts, delivery.uid, timings))


def _send(draft: Draft, uid: str, delivery: Delivery) -> None:
    attempts = delivery.attempts + 1
    thread = draft.write("sent", uid, {"delivery": delivery.uid, "attempts": attempts})
    sent = next(one for one in thread.outbox if one.uid == delivery.uid) if thread else delivery
    draft.publish(_notification(draft, uid, sent, "sent", delivery.reason))
    draft.act(_action(draft.tenant, uid, sent))


def _action(tenant: str, uid: str, delivery: Delivery) -> Action:
    data = {
        "tenant": tenant,
        "incident": uid,
        "contact": delivery.contact,
        "channel": delivery.channel,
        "sequence": delivery.sequence,
        "cause": delivery.cause,
        "title": delivery.title,
        "content": delivery.content,
        "content_type": delivery.content_type,
    }
    return Action(delivery.uid, SEND, data)


def _notification(draft: Draft, uid: str, delivery: Delivery, state: State, reason: str) -> Notification:
    cause: Cause = delivery.cause  # type: ignore[assignment] # the ledger keeps the word
    return Notification(
        uid=delivery.uid, tenant=draft.tenant, incident=uid, channel=delivery.channel, sequence=delivery.sequence,
        cause=cause, state=state, attempts=delivery.attempts, reason=reason, text=delivery.text, at=draft.now,
    )  # fmt: skip
