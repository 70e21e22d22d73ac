"""Addresses: where the attacker's code calls home, and from where it came."""

from schemas.address import is_private_use
from schemas.entity import Authority, EntityType, Role, canonical_address
from services.detect.correlate.core.addresses import is_outside, may_be_explained, why_own
from services.detect.correlate.core.carriers import calls_home
from services.detect.correlate.core.groups import Group
from services.detect.correlate.core.nodes import IMPLANT_ANCHORS, Principal, Process
from services.detect.correlate.core.store import Span
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import base, is_special
from services.detect.correlate.evidence.foreign_image import marks
from services.detect.correlate.roles.casting import Casting, Part


def cast_addresses(view: View, group: Group, casting: Casting) -> None:
    """Give every address of the group its part."""
    for node in group.nodes.values():
        if isinstance(node, Process):
            _of_process(view, group, casting, node)
        elif isinstance(node, Principal) and node.address:
            _of_principal(view, group, casting, node)


def _of_process(view: View, group: Group, casting: Casting, process: Process) -> None:
    if not view.is_free(process):
        return
    for address, port, span in _outside(view, group, process):
        why = f"{base(process.image)} on {process.host} spoke to it on port {port}; it is no own address and nobody resolved it"
        _give(casting, address, why, span.first, span.last)
    for mark in marks(view, process):
        for origin in mark.origins:
            address = canonical_address(origin)
            if address and not is_special(address) and not why_own(view, address):
                _give(casting, address, f"{base(process.image)} was downloaded from it to {process.host}", mark.time)


def _outside(view: View, group: Group, process: Process) -> list[tuple[str, int, Span]]:
    if any(seen.anchor in IMPLANT_ANCHORS for seen in group.observations[process.id]) and not view.is_hub(process):
        return [peer for peer in view.peers(process) if is_outside(view, process, peer[0], peer[1])]
    return calls_home(view, process)


def _of_principal(view: View, group: Group, casting: Casting, principal: Principal) -> None:
    address = canonical_address(principal.address)
    if not address or is_special(address) or why_own(view, address):
        return
    for seen in group.observations[principal.id]:
        if seen.is_hard:
            part = _given(casting, address, f"it came from here: {seen.why}", seen.time)
            part.absence = part.absence or may_be_explained(address)


def _give(casting: Casting, address: str, why: str, first: int, last: int | None = None) -> None:
    _given(casting, address, why, first, last).absence = True


def _given(casting: Casting, address: str, why: str, first: int, last: int | None = None) -> Part:
    part = casting.give(EntityType.ADDRESS, address, Role.ATTACKER_CONTROLLED, why, first, last=last)
    if is_private_use(address):
        part.cap = Authority.PROPOSE
        part.caveats.add("a private address that the inventory does not know: a human decides")
    return part
