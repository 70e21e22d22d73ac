"""What a supervisor and Prometheus ask of the process: ``/live``, ``/ready``, ``/metrics``."""

from collections.abc import Callable, Sequence

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from runtime.metrics import process_metrics

Absent = Callable[[], Sequence[str]]
"""Names the services that are not at work now."""


def add_health(app: FastAPI, absent: Absent) -> None:
    """Add the three routes to ``app``; none wants a token, none tells what is in an event."""

    async def live() -> JSONResponse:
        return JSONResponse({"live": True})

    async def ready() -> JSONResponse:
        names = list(absent())
        return JSONResponse({"ready": not names, "waiting_for": names}, 503 if names else 200)

    async def metrics() -> Response:
        return Response(generate_latest(process_metrics().registry), media_type=CONTENT_TYPE_LATEST)

    for path, answer in (("/live", live), ("/ready", ready), ("/metrics", metrics)):
        app.add_api_route(path, answer, methods=["GET"], response_model=None)
