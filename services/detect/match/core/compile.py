"""From parsed documents to rules: filters applied, placeholders filled in, our own keys read; what cannot be is named."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from schemas.event import LogSource
from schemas.finding import Level, Stage
from schemas.problem import Problem
from schemas.tactics import TACTICS
from services.detect.match.core.parse import MALFORMED, Document, Parsed
from services.detect.match.core.patterns import BadPattern
from services.detect.match.core.rule import Extension, Rule
from services.detect.match.core.translate import NeedsPlaceholder, Placeholders, Translator, Untranslatable, either
from services.detect.match.core.tree import Node

_TECHNIQUE = re.compile(r"t\d{4}(\.\d{3})?")
_OWN_KEYS = ("stage", "anchor", "owner", "tests")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came of the documents. ``total`` counts detection rules and filters, ``sound`` those of them that compile."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    total: int
    sound: int
    correlations: int
    needs_placeholder: tuple[Problem, ...] = ()


def compile_rules(parsed: Parsed, placeholders: Placeholders, stages: Mapping[str, Stage]) -> Compiled:
    """Return the rules that are sound; the first of two rules with one id stands, the second is a problem.

    ``stages`` overrides what a rule says of its stage, by the rule's id or name.
    """
    rules: dict[str, Rule] = {}
    problems, missing, repeated = list(parsed.problems), [], 0
    for document in parsed.rules:
        try:
            rule = _rule(document, parsed, Translator(placeholders), stages)
        except NeedsPlaceholder as error:
            missing.append(document.problem_at(("detection",), str(error)))
        except (SigmaError, Untranslatable, BadPattern, *MALFORMED) as error:
            problems.append(_problem(document, error))
        else:
            known = rules.setdefault(rule.uid, rule)
            if known.digest != rule.digest:
                problems.append(document.problem_at(("id",), f"rule id {rule.uid} is already used in {known.path}"))
            else:
                repeated += known is not rule
    return Compiled(
        rules=tuple(rules.values()),
        problems=tuple(problems + missing),
        total=parsed.total,
        sound=len(rules) + repeated + len(parsed.filters),
        correlations=parsed.correlations,
        needs_placeholder=tuple(missing),
    )


def _problem(document: Document, error: Exception) -> Problem:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else "stanch"
        path = ("stanch", key) if "stanch" in _attributes(document) else (key,)
        return document.problem_at(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    if isinstance(error, Untranslatable | BadPattern):
        return document.problem_at(("detection",), str(error))
    return document.problem(error)


def _rule(document: Document, parsed: Parsed, translator: Translator, stages: Mapping[str, Stage]) -> Rule:
    sigma, digest = _filtered(document, parsed.filters)
    uid = str(sigma.id) if sigma.id else digest
    node = _node(sigma, translator)
    return Rule(
        uid=uid,
        title=sigma.title,
        logsource=_logsource(sigma),
        level=Level(sigma.level.name.lower()) if sigma.level else Level.LOW,
        node=node,
        digest=digest,
        path=document.path,
        name=sigma.name or "",
        tactics=tuple(name for tag in _attack_tags(sigma) if (name := tag.replace("_", "-")) in TACTICS),
        techniques=tuple(tag.upper() for tag in _attack_tags(sigma) if _TECHNIQUE.fullmatch(tag)),
        falsepositives=tuple(str(text) for text in sigma.falsepositives),
        extension=_extension(document, {uid, sigma.name or uid}, parsed.quiet, stages),
    )


def _filtered(document: Document, filters: Sequence[Document]) -> tuple[SigmaRule, str]:
    assert isinstance(document.sigma, SigmaRule)
    sigma, digest = document.sigma, document.digest
    for candidate in filters:
        assert isinstance(candidate.sigma, SigmaFilter)
        before = list(sigma.detection.condition)
        candidate.sigma.apply_on_rule(sigma)  # in place
        if sigma.detection.condition != before:
            digest = hashlib.blake2b(f"{digest}{candidate.digest}".encode(), digest_size=16).hexdigest()
    return sigma, digest


def _node(sigma: SigmaRule, translator: Translator) -> Node:
    conditions: Iterable[Any] = (condition.parsed for condition in sigma.detection.parsed_condition)
    return either(translator.node(condition) for condition in conditions)


def _logsource(sigma: SigmaRule) -> LogSource:
    given = (sigma.logsource.product, sigma.logsource.category, sigma.logsource.service)
    return LogSource(*((text or "").lower() for text in given))


def _extension(document: Document, names: set[str], quiet: set[str], stages: Mapping[str, Stage]) -> Extension:
    attributes = _attributes(document)
    own = {key: attributes[key] for key in _OWN_KEYS if key in attributes}
    extension = Extension.model_validate({**own, **(attributes.get("stanch") or {})})
    if quiet & names and "stage" not in own:
        extension = extension.model_copy(update={"stage": Stage.OBSERVE})
    for name in names:
        if name in stages:
            return extension.model_copy(update={"stage": stages[name]})
    return extension


def _attributes(document: Document) -> Mapping[str, Any]:
    return document.sigma.custom_attributes


def _attack_tags(sigma: SigmaRule) -> list[str]:
    return [tag.name.lower() for tag in sigma.tags if tag.namespace == "attack"]
