"""Whose an address is: the safety of blocking. What is own, a resolver's, a controller's or was resolved is spared."""

from schemas.address import is_private_use
from services.detect.correlate.core.nodes import Process
from services.detect.correlate.core.view import View
from services.detect.correlate.core.vocabulary import QUIET_PORTS, is_special


def why_own(view: View, address: str) -> str:
    """Return why ``address`` belongs to the tenant; `""` where nothing says so."""
    owners = view.owners(address)
    if owners:
        return f"it is an address of {owners[0]}"
    if view.inventory.is_own(address):
        return "the inventory holds it as the tenant's own"
    if address in view.inventory.resolvers or view.read(("directory", address)):
        return "it is a resolver or directory server"
    for name in sorted(view.read(("names", address))):
        labels = name.upper().split(".")
        if view.read(("host", labels[0])) or (len(labels) > 2 and labels[1] in view.read(("domains",))):
            return f"its name {name} is one of the tenant's own domain"
    return ""


def may_be_explained(address: str) -> bool:
    """Whether a source of logons may turn out to be own in a moment: a sensor tells so of a machine of one's own network.

    A peer that came in is what the connection itself shows, whatever anybody resolved. A public one that the inventory does not
    hold is behind no sensor whose word is on its way: what is told of it was told when its machine first spoke, or never is.
    """
    return is_private_use(address)


def is_outside(view: View, process: Process, address: str, port: int) -> bool:
    """Whether a connection of ``process`` goes to an address that nothing explains: not own, not resolved on that host."""
    if is_special(address) or port in QUIET_PORTS or why_own(view, address):
        return False
    return not view.read(("answer", process.host, address))
