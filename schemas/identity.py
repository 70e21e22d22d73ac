"""How things are named: composite keys, event ids, and the ids that follow from other ids.

Every part is length-prefixed before it is hashed, so that no choice of parts can imitate another.
"""

import hashlib
from uuid import UUID, uuid5

NAMESPACE = UUID("6f2b1f0a-53e6-5f0c-9d0e-1b7a5c2d4e90")
REPLAY_KEY = b"replay"


def compose(*parts: str) -> str:
    """Join ``parts`` into one key that can be taken apart again: ``4:acme|5:WKS01``."""
    return "|".join(f"{len(part)}:{part}" for part in parts)


def prefixed(*parts: bytes) -> bytes:
    """Return ``parts`` one after another, each behind its length in eight bytes."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def event_uid(key: bytes, source: str, position: str, record: bytes) -> str:
    """Return the id of the event that ``record`` at ``position`` of ``source`` becomes.

    ``key`` is the tenant's secret (``REPLAY_KEY`` in a replay), so that nobody who writes to a source can foresee it.
    """
    digest = hashlib.blake2b(key=key[:64], digest_size=16)
    digest.update(prefixed(source.encode(), position.encode()) + len(record).to_bytes(8, "big"))
    digest.update(record)  # as ``prefixed`` would have it, without a copy
    return digest.hexdigest()


def derived_uid(kind: str, *parts: str) -> str:
    """Return the UUIDv5 of ``parts``; equal parts give equal ids, so a replay is a no-op downstream."""
    return str(uuid5(NAMESPACE, compose(kind, *parts)))


def effect_key(tenant: str, lane: str, generation: int, direction: str) -> str:
    """Return the id under which one effect is sent to a product (OpenC2 ``command_id``, OCSF ``command_uid``)."""
    parts = (tenant, lane, str(generation), direction)
    return hashlib.sha256(prefixed(*(part.encode() for part in parts))).hexdigest()
