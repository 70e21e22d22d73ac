"""A replay's own way to the lab leads to the lab alone, and names the instant of each action."""

import httpx
import pytest

from runtime.machine import Action, Outcome
from services.respond.rehearsal import LabTransport, Rehearsal
from stanch.replay.laboratory import open_moving_lab, serve


async def test_nothing_is_sent_to_anybody_else() -> None:
    async with httpx.AsyncClient(transport=LabTransport("http://127.0.0.1:1")) as client:
        for url in ("http://127.0.0.1:2/defender", "https://127.0.0.1:1/defender", "http://products.example/"):
            with pytest.raises(httpx.UnsupportedProtocol, match="lab alone"):
                await client.get(url)


async def test_the_labs_clock_is_moved_to_each_actions_instant_and_never_back() -> None:
    company = open_moving_lab(1_000)
    async with serve({"acme": company}) as address, httpx.AsyncClient(transport=LabTransport(address)) as client:

        class Caller:
            async def perform(self, action: Action, now: int) -> Outcome:  # noqa: ARG002 - an Actor by its shape
                answer = await client.get(f"{address}/acme/firewall/v1/addresses/192.0.2.1")
                return Outcome(action.uid, {"status": answer.status_code})

        seen = []
        for now in (5_000, 9_000, 7_000):
            await Rehearsal(Caller()).perform(Action("a", "apply", {}), now)
            seen.append(company.clock())
    assert seen == [5_000, 9_000, 9_000]
