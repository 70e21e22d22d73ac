"""Who is told through what: the tenants' contacts against the channels that exist, every mistake listed."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError

from runtime.errors import ConfigError
from schemas.tenant import Contact, Tenant
from services.notify.core import contact_uid
from services.notify.ports import Channel, Demanding
from services.notify.settings import ChannelSection, Settings


def contacts_of(tenants: Mapping[str, Tenant]) -> Mapping[tuple[str, str], Contact]:
    """Return every contact by tenant and id."""
    return {(slug, contact_uid(one)): one for slug, tenant in tenants.items() for one in tenant.contacts}


def options_of(
    channels: Mapping[str, Channel], tenants: Mapping[str, Tenant], settings: Settings
) -> Mapping[str, BaseModel]:
    """Return the options of every channel.

    Raises:
        ConfigError: a contact or a channel's section is wrong; lists every error.
    """
    options: dict[str, BaseModel] = {}
    problems = [*_unknown(channels, settings), *_contacts(channels, tenants)]
    for name, channel in channels.items():
        try:
            options[name] = channel.options.model_validate(settings.channels.get(name, ChannelSection()).options())
        except ValidationError as error:
            problems += [f"notify.channels.{_path((name, *one['loc']))}: {one['msg']}" for one in error.errors()]
    problems += _lacking(options, tenants)
    if problems:
        raise ConfigError(tuple(problems))
    return options


def _unknown(channels: Mapping[str, Channel], settings: Settings) -> Iterator[str]:
    for name in sorted(set(settings.channels) - set(channels)):
        yield f"notify.channels.{name}: no such channel; there are {', '.join(sorted(channels))}"


def _lacking(options: Mapping[str, BaseModel], tenants: Mapping[str, Tenant]) -> Iterator[str]:
    used = {contact.channel for tenant in tenants.values() for contact in tenant.contacts}
    for name, one in options.items():
        if name in used and isinstance(one, Demanding) and (why := one.lacks()):
            yield f"notify.channels.{name}: {why}"


def _contacts(channels: Mapping[str, Channel], tenants: Mapping[str, Tenant]) -> Iterator[str]:
    for slug, tenant in sorted(tenants.items()):
        for number, contact in enumerate(tenant.contacts):
            where = f"tenant {slug}: contacts.{number}"
            if contact.channel not in channels:
                yield f"{where}: no channel {contact.channel!r}; there are {', '.join(sorted(channels))}"
            elif why := channels[contact.channel].refuses(contact):
                yield f"{where}: {why}"


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
