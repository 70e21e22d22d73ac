"""Every channel keeps the contract. A new file in services/notify/channels is found and tested without any list."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from runtime.plugins import load_plugins
from schemas.entity import EntityType, Role
from schemas.tenant import Contact
from services.notify import channels
from services.notify.examples import CONTAINED, HOSTILE
from services.notify.ports import Channel, ChannelExample, Party
from tests.real_data import ROOT

CHANNELS = load_plugins(channels, "CHANNEL", Channel)
EXAMPLES = [(channel, example) for channel in CHANNELS.values() for example in channel.examples]
LONGEST = 256 * 1024
hostile = st.text(st.characters(codec=None, categories=["Cc", "Cf", "L", "P", "S", "Cs"]), max_size=200)


def test_webhook_and_terminal_are_there() -> None:
    assert {"webhook", "terminal"} <= set(CHANNELS)


@pytest.mark.parametrize(("channel", "example"), EXAMPLES, ids=[f"{c.name}: {e.title}" for c, e in EXAMPLES])
def test_an_example_says_what_it_must_and_nothing_that_it_must_not(channel: Channel, example: ChannelExample) -> None:
    body = channel.render(example.view)
    said = body.title + "\x00" + body.content
    assert [text for text in example.says if text not in said] == []
    assert [text for text in example.never_says if text in said] == []


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=list(CHANNELS))
class TestEveryChannel:
    def test_shows_an_ordinary_and_a_hostile_message(self, channel: Channel) -> None:
        assert {CONTAINED, HOSTILE} <= {example.view for example in channel.examples}

    def test_renders_the_same_view_to_the_same_characters(self, channel: Channel) -> None:
        assert channel.render(CONTAINED) == channel.render(dataclasses.replace(CONTAINED))

    def test_says_how_to_undo_and_who_was_spared(self, channel: Channel) -> None:
        content = channel.render(CONTAINED).content
        assert "stanch release hold-1" in content
        assert "a domain controller is never isolated" in content

    def test_has_options_that_need_no_configuration_and_refuse_what_they_do_not_know(self, channel: Channel) -> None:
        assert isinstance(channel.options(), BaseModel)
        assert channel.options.model_config.get("extra") == "forbid"

    def test_refuses_a_contact_without_an_address(self, channel: Channel) -> None:
        assert channel.refuses(Contact(channel=channel.name, address=""))

    @given(text=hostile)
    @settings(max_examples=60, deadline=None)
    def test_renders_any_text_within_bounds_and_without_control_characters(self, channel: Channel, text: str) -> None:
        party = Party(EntityType.HOST, text, Role.ATTACKER_CONTROLLED, text)
        view = dataclasses.replace(
            CONTAINED, story=text, change=text, parties=(party,) * 3, spared=(party,), advice=(text,)
        )
        body = channel.render(view)
        said = body.title + body.content
        assert len(said.encode()) <= LONGEST
        assert not [char for char in said if ord(char) < 32 and char != "\n"]


def test_the_how_to_shows_a_channel_that_keeps_the_contract() -> None:
    page = (ROOT / "docs" / "how-to" / "add-a-channel.md").read_text()
    namespace: dict[str, object] = {"__name__": "pager"}
    exec(compile(page.partition("```python\n")[2].partition("```")[0], "pager.py", "exec"), namespace)
    channel = namespace["CHANNEL"]
    assert isinstance(channel, Channel)
    for example in channel.examples:
        body = channel.render(example.view)
        assert [text for text in example.says if text not in body.title + body.content] == []
        assert [text for text in example.never_says if text in body.title + body.content] == []
