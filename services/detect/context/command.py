"""The shape of a command line: what of it correlation needs, however long it is."""

import re
from hashlib import blake2b

from schemas.fact import Command

KEPT = 240
TAIL = 48

_POWERSHELL = re.compile(r"powershell|pwsh", re.IGNORECASE)
_ENCODED = re.compile(r"[-/\u2013\u2014\u2015]e(?:c|n|nc?[a-z]*)?\s+['\"]?[A-Za-z0-9+/]{80,}={0,2}", re.IGNORECASE)
_HIDDEN = re.compile(r"[-/\u2013]w(?:i[a-z]*)?\s+(?:1\b|['\"]?h[a-z]*)", re.IGNORECASE)


def shape(line: str) -> Command:
    """Return the shape of ``line``: its beginning, digest and tail, and whether it hides an encoded script.

    The tail is what a service's command and the process that it starts have in common: quotes and case aside.
    """
    line = line.strip()
    if not line:
        return Command()
    interpreter = bool(_POWERSHELL.search(line))
    return Command(
        text=line[:KEPT],
        digest=blake2b(line.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest(),
        tail=line.strip('"').lower()[-TAIL:],
        encoded=interpreter and bool(_ENCODED.search(line)),
        hidden=interpreter and bool(_HIDDEN.search(line)),
    )
