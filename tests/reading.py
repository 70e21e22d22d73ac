"""How tests open a recording: through ingest, as the product does."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import orjson

import services.ingest.sources as sources_package
from runtime.errors import Rejected
from schemas.event import EventHeaders
from services.ingest.core import Context, Normalizer
from services.ingest.ports import Source
from services.ingest.receivers.files import read_records


def every_source() -> list[Source]:
    """The sources of ingest."""
    names = [module.name for module in iter_modules(sources_package.__path__)]
    return [import_module(f"{sources_package.__name__}.{name}").SOURCE for name in names]


def read_events(path: Path, tenant: str = "acme") -> Iterator[tuple[dict[str, Any], EventHeaders]]:
    """The events of a recording, as native object and headers; what ingest rejects is left out."""
    normalizer = Normalizer(every_source())
    for record in read_records([path]):
        context = Context(tenant, b"test", record.source, record.position, record.hints)
        try:
            event = normalizer.normalize(record.record, context)
        except Rejected:
            continue
        yield orjson.loads(event.headers.native(event.value)), event.headers
