"""PowerShell: the engine, its modules and script blocks, in the classic and the operational log."""

from typing import Any, Final

from schemas.ocsf.classes import OcsfClass as C
from schemas.ocsf.objects import Actor
from services.ingest.values import compact, text_of
from services.ingest.windows.kind import Kind, Parts, kind_of, under
from services.ingest.windows.objects import Get, actor_of, process_of, user_named

_POWERSHELL: Final = 2
_NAMES: Final = frozenset({"HostApplication", "Host Application", "UserId", "User", "Connected User"})
_LINES: Final = 200


def _context(g: Get) -> dict[str, str]:
    """Return the lines of ``ContextInfo`` or of the classic log's text that name the host process and the user."""
    for name in ("ContextInfo", "Data", "Payload", "Message"):
        text = g(name)
        text = "\n".join(map(str, text)) if type(text) is list else text
        if type(text) is str:
            found = _named_lines(text)
            if found:
                return found
    return {}


def _named_lines(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text[:65_536].splitlines()[:_LINES])
    stripped = ((key.strip(), value.strip()) for key, _, value in pairs)
    return {key.replace(" ", ""): value for key, value in stripped if key in _NAMES}


def _actor(g: Get, context: dict[str, str]) -> Actor | None:
    command = text_of(context.get("HostApplication")) or text_of(g("HostApplication"))
    process = process_of(g("ExecutionProcessID") or g("Execution_ProcessID") or g("ProcessID"), None, None, command)
    named = context.get("User") or context.get("UserId") or _own_user(g)
    return actor_of(process, user_named(named, g("UserID"))) or {"app_name": "PowerShell"}


def _own_user(g: Get) -> str | None:
    return f"{g('Domain')}\\{g('AccountName')}" if text_of(g("AccountName")) and text_of(g("Domain")) else None


def _script(content: str | None, uid: object = None, path: object = None) -> dict[str, Any] | None:
    if content is None:
        return None
    script: dict[str, Any] = {"type_id": _POWERSHELL, "script_content": {"value": content}, "uid": text_of(uid)}
    if text_of(path):
        script["name"] = path
    return compact(script)


def block(g: Get) -> Parts:
    """4104: the text of a script block, or a part of it."""
    content = g("ScriptBlockText") or g("Message")
    return {
        "script": _script(content if type(content) is str else None, g("ScriptBlockId"), g("Path")),
        "actor": _actor(g, {}),
    }


def module(g: Get) -> Parts:
    """4103: a command and its parameters."""
    content = text_of(g("Payload")) or text_of(g("Message"))
    return {"script": _script(content, g("ScriptBlockId")), "actor": _actor(g, _context(g))}


def engine(g: Get) -> Parts:
    """400, 403, 600, 800: the engine, a provider, a pipeline; who ran them stands in their text."""
    context = _context(g)
    content = text_of(context.get("HostApplication")) or text_of(g("HostApplication")) or text_of(g("Message"))
    if content is None:
        data = g("Data")
        content = "\n".join(map(str, data)) if type(data) is list else text_of(data)
    return {"script": _script(content or ""), "actor": _actor(g, context)}


_OWN: Final = (("Domain", "AccountName"),)
_OPERATIONAL: Final[dict[int | tuple[int, ...], Kind]] = {
    4103: kind_of(C.SCRIPT, 1, module, _OWN),
    4104: kind_of(C.SCRIPT, 1, block, _OWN),
}

KINDS: Final = {
    **under(
        "Windows PowerShell",
        {(400, 600, 800): kind_of(C.SCRIPT, 1, engine, ()), 403: kind_of(C.SCRIPT, 99, engine, ())},
    ),
    **under("Microsoft-Windows-PowerShell/Operational", _OPERATIONAL),
    **under("PowerShellCore/Operational", _OPERATIONAL),
}
