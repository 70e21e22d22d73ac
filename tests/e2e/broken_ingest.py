"""ingest as it is, but for one more source, which has a bug: a release that somebody will have to take back."""

from runtime.deployment import Deployment
from runtime.process import Unit, main
from runtime.worker import Worker
from services.ingest.__main__ import address, http_app
from services.ingest.adapters import load_sources
from services.ingest.core import Normalizer
from services.ingest.ports import Hints, Parsed, Source
from services.ingest.settings import Settings
from services.ingest.stream import worker

MARK = b"made to break"


def parse(record: bytes, hints: Hints) -> Parsed:
    """Divide by zero."""
    raise ZeroDivisionError(f"{len(record)} / {hints.at - hints.at}")


def recognises(record: bytes, hints: Hints) -> bool:
    """Whether the record has the mark."""
    return MARK in record


def compose(deployment: Deployment, settings: Settings) -> Worker:
    """Return ingest with the source that breaks."""
    broken = Source(name="broken", parse=parse, recognises=recognises, examples=(), order=0)
    return worker(deployment, Normalizer((*load_sources(settings.mappings), broken)), settings.hosts)


if __name__ == "__main__":
    main(Unit("tests.e2e.broken_ingest", "ingest", Settings, compose, door=http_app, address=address))
