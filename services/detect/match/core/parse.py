"""From the text of a rule file to its documents: detection rules, filters, correlations, and what is wrong with them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError, SigmaRuleLocation
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from schemas.problem import Problem
from services.detect.match.core.lines import line_of, line_of_error, repeated_key
from services.detect.match.core.patterns import POLICY

MALFORMED: Final = (TypeError, AttributeError, KeyError, IndexError, ValueError, RecursionError)
"""What pySigma raises where a document is not even of Sigma's shape, beside its own errors."""


@dataclass(frozen=True, slots=True)
class Document:
    """One Sigma document with its place: the file, and the document's YAML nodes for naming lines."""

    sigma: SigmaRule | SigmaFilter
    path: str
    node: yaml.Node
    digest: str

    def problem(self, error: Exception) -> Problem:
        """Return ``error`` with the line that it speaks of."""
        return Problem(self.path, line_of_error(self.node, error), reason_of(error))

    def problem_at(self, path: tuple[str, ...], reason: str) -> Problem:
        """Return a problem with what stands under ``path``."""
        return Problem(self.path, line_of(self.node, path), reason)


@dataclass(slots=True)
class Parsed:
    """What one or more files hold. ``quiet`` are the rules whose own findings only feed a correlation."""

    rules: list[Document] = field(default_factory=list)
    filters: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    quiet: set[str] = field(default_factory=set)
    total: int = 0
    correlations: int = 0

    def add(self, other: "Parsed") -> None:
        """Take over what ``other`` holds."""
        self.rules += other.rules
        self.filters += other.filters
        self.problems += other.problems
        self.quiet |= other.quiet
        self.total += other.total
        self.correlations += other.correlations


def parse(path: str, text: str) -> Parsed:
    """Return the documents of one file; a document that is wrong becomes a problem, the others stand."""
    parsed = Parsed()
    try:
        documents = list(_documents(path, text))
    except (yaml.YAMLError, *MALFORMED) as error:
        parsed.problems.append(Problem(path, _line_of_yaml(error), f"no YAML: {_first_line(error)}"))
        parsed.total = 1
        return parsed
    if any(isinstance(content, Mapping) and "action" in content for _, content in documents):
        _take(parsed, [content for _, content in documents], documents[0][0], path, text)
        return parsed
    for node, content in documents:
        if content is not None:
            _take(parsed, [content], node, path, f"{node.start_mark.line}{text}")
    return parsed


def reason_of(error: Exception) -> str:
    """Return what ``error`` says, without pySigma's own mention of the file."""
    if isinstance(error, SigmaError):
        return " ".join(str(argument) for argument in error.args) or type(error).__name__
    return f"not of Sigma's shape: {type(error).__name__}: {_first_line(error)}"


def _documents(path: str, text: str) -> Iterator[tuple[yaml.Node, Any]]:
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None, "check_node said that there is one"
            repeated = repeated_key(node)
            if repeated is not None:
                key, line = repeated
                mark = yaml.Mark(path, 0, line - 1, 0, None, 0)
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands here twice", problem_mark=mark)
            yield node, loader.construct_document(node)
    finally:
        loader.dispose()


def _take(parsed: Parsed, documents: list[Any], node: yaml.Node, path: str, text: str) -> None:
    if not all(isinstance(document, Mapping) for document in documents):
        parsed.total += 1
        parsed.problems.append(Problem(path, line_of(node, ()), "a Sigma document is a mapping"))
        return
    if "correlation" in documents[0]:
        parsed.correlations += 1
        parsed.quiet |= _quiet(documents[0]["correlation"])
        return
    parsed.total += 1
    try:
        collection = SigmaCollection.from_dicts(
            documents,
            True,
            SigmaRuleLocation(Path(path)),
            collect_filters=True,
            resolve_references=False,
            policy=POLICY,
        )
    except (SigmaError, *MALFORMED) as error:
        parsed.problems.append(Problem(path, line_of_error(node, error), reason_of(error)))
        return
    parsed.total += len(collection.rules) + len(collection.filters) - 1
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
    for sigma in (*collection.rules, *collection.filters):
        if not isinstance(sigma, SigmaCorrelationRule):
            _sort(parsed, Document(sigma, path, node, digest))


def _sort(parsed: Parsed, document: Document) -> None:
    if document.sigma.errors:
        parsed.problems += [document.problem(error) for error in document.sigma.errors]
    elif isinstance(document.sigma, SigmaFilter):
        parsed.filters.append(document)
    else:
        parsed.rules.append(document)


def _quiet(correlation: object) -> set[str]:
    """A correlation without ``generate`` takes the findings of its rules for itself."""
    if not isinstance(correlation, Mapping) or correlation.get("generate") is True:
        return set()
    rules = correlation.get("rules")
    return {str(rule) for rule in rules} if isinstance(rules, list) else {str(rules)}


def _line_of_yaml(error: Exception) -> int:
    mark = getattr(error, "problem_mark", None)
    return 1 if mark is None else int(mark.line) + 1


def _first_line(error: Exception) -> str:
    problem = getattr(error, "problem", None)
    return str(problem or error).partition("\n")[0]
