"""Whether people are told, and of what: each decision to send or not to send, with its reason."""

from collections.abc import Mapping, Sequence

from schemas.entity import Authority
from schemas.identity import derived_uid
from schemas.notification import Notification
from schemas.tenant import Contact
from services.notify.core.causes import changes, in_words
from services.notify.core.draft import Draft
from services.notify.core.outbox import compose_deliveries
from services.notify.core.state import Face, Thread, face_of, plain_json
from services.notify.core.views import view_of
from services.notify.plain import LINE, plain
from services.notify.ports import Renderers

NOBODY = "all"


class Speaker:
    """Decides for the tenants of ``contacts``. ``minimum_severity`` is what an incident needs that led to nothing."""

    def __init__(self, contacts: Mapping[str, Sequence[Contact]], renderers: Renderers, minimum_severity: int) -> None:
        self._contacts = contacts
        self._renderers = renderers
        self._minimum = minimum_severity

    def speak(self, draft: Draft, thread: Thread) -> None:
        """Tell people what has changed, or record why they are not told."""
        face = face_of(thread)
        why_not = self._why_not(draft, thread, face)
        if why_not:
            draft.write("suppressed", thread.uid, {"reason": why_not})
            if thread.told is not None or thread.silence != why_not:
                note_silence(draft, thread, why_not)
        else:
            self._tell(draft, thread, face)

    def _tell(self, draft: Draft, thread: Thread, face: Face) -> None:
        found = changes(thread, face)
        cause, reason = found[0][0], in_words(found)
        view = view_of(thread, draft.tenant, cause, reason, draft.now)
        contacts = self._contacts.get(draft.tenant, ())
        deliveries = compose_deliveries(view, contacts, self._renderers)
        draft.write(
            "message",
            thread.uid,
            {
                "sequence": thread.sequence,
                "face": plain_json(face),
                "deliveries": [plain_json(delivery) for delivery in deliveries],
            },
        )

    def _why_not(self, draft: Draft, thread: Thread, face: Face) -> str:
        if not self._contacts.get(draft.tenant):
            return "no contact is configured for this tenant"
        if thread.told is None and face.merged_into:
            return f"it became part of incident {face.merged_into} before anybody was told"
        if thread.told is None and face.closed:
            return "it was closed before anybody was told"
        if thread.told is None and self._is_minor(face):
            return f"severity {face.severity} is below {self._minimum}, and the evidence carries no containment"
        if thread.told is not None and not changes(thread, face):
            return "nothing that a human must know has changed"
        return ""

    def _is_minor(self, face: Face) -> bool:
        return face.severity < self._minimum and face.authority == Authority.NONE.value and not face.holds


def note_silence(draft: Draft, thread: Thread, reason: str) -> None:
    """Publish that nothing was sent, and why."""
    uid = derived_uid("silence", draft.tenant, thread.uid, str(thread.suppressed))
    draft.publish(
        Notification(
            uid=uid, tenant=draft.tenant, incident=thread.uid, channel=NOBODY, sequence=thread.sequence, cause="none",
            state="suppressed", reason=plain(reason, LINE), at=draft.now,
        )
    )  # fmt: skip
