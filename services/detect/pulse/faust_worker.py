"""The application of Faust as any other process's worker."""

import logging

from runtime.delivery import Delivery
from runtime.deployment import Deployment
from runtime.errors import StartError
from runtime.kafka import KafkaLog
from runtime.kafka.cluster import Cluster
from runtime.worker import Worker
from schemas.topics import MEASURES
from services.detect.pulse.faust_app import Application, new_app
from services.detect.pulse.settings import Settings
from services.detect.pulse.stream import NAME


def compose_on_faust(deployment: Deployment, settings: Settings | None = None) -> Worker:
    """Return the process that watches over sources and rules, as an application of Faust: a process of its own.

    Raises:
        StartError: the log is not on Kafka.
    """
    if not isinstance(deployment.log, KafkaLog):
        raise StartError("Faust needs a log on Kafka; on the embedded one pulse runs within `stanch up`")
    return FaustWorker(deployment, settings or Settings(), deployment.log.cluster)


class FaustWorker:
    """Runs the application as any other process's worker: it can be started, watched, stopped and started again."""

    def __init__(
        self, deployment: Deployment, settings: Settings, cluster: Cluster, delivery: Delivery | None = None
    ) -> None:
        self._deployment = deployment
        self._settings = settings
        self._cluster = cluster
        self._delivery = delivery or Delivery(NAME)
        self._run: Application | None = None

    @property
    def name(self) -> str:
        """The service's name."""
        return NAME

    async def start(self) -> None:
        """Start the application; it joins its group and reads its table back by itself."""
        partitions = await self._deployment.log.partitions(MEASURES.name)
        folder = self._deployment.home / "pulse"
        folder.mkdir(parents=True, exist_ok=True)
        app = new_app(self._cluster, self._settings, partitions, str(folder))
        self._run = Application(app, self._deployment, self._settings, self._cluster, self._delivery)
        for chatty in ("faust", "mode", "aiokafka"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        await app.start()

    async def step(self, wait: float) -> int:
        """Let it work for ``wait`` seconds; return how many measures were done.

        Raises:
            Broken: it cannot go on.
        """
        assert self._run is not None, "step before start"
        return await self._run.working(wait)

    def deadline(self) -> int | None:
        """Return None: its own timer looks."""
        return None

    async def advance(self, instant: int) -> int:  # noqa: ARG002 - a Worker by its shape
        """Return 0: its own timer looks at the time that the measures bring."""
        return 0

    async def stop(self) -> None:
        """Commit what is done, and leave."""
        if self._run is not None:
            run, self._run = self._run, None
            await run.stop()
