"""What a pydantic model allows at a place: found by walking its annotations."""

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo


def keys_of(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Return the fields of ``model`` by the names under which a file gives them."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models that a value of ``annotation`` may be, not those within collections."""
    for option in options_of(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            yield option


def options_of(annotation: object) -> Iterator[object]:
    """Yield the alternatives of a union, or the annotation itself."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from options_of(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for option in get_args(annotation):
            yield from options_of(option)
    else:
        yield annotation


def is_secret(annotation: object) -> bool:
    """Whether a value of ``annotation`` is a secret."""
    return SecretStr in set(_hashable(options_of(annotation)))


def inner(annotation: object, step: str | int) -> Iterator[object]:
    """Yield the annotations of what lies at ``step`` within a value of ``annotation``."""
    for option in options_of(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            if isinstance(step, str) and step in (fields := keys_of(option)):
                yield fields[step].annotation
            continue
        arguments = get_args(option)
        if isinstance(step, int) and arguments and get_origin(option) in {list, tuple, set, frozenset}:
            repeated = len(arguments) == 1 or arguments[-1] is Ellipsis
            yield arguments[0] if repeated else arguments[min(step, len(arguments) - 1)]
        elif isinstance(step, str) and len(arguments) == 2:
            yield arguments[1]


def known_keys(model: type[BaseModel], location: Sequence[str | int]) -> Sequence[str]:
    """Return the keys that may stand at ``location`` within ``model``."""
    places: list[object] = [model]
    for step in location:
        places = [found for place in places for found in inner(place, step)] or places
    return sorted({key for place in places for found in models_in(place) for key in keys_of(found)})


def _hashable(options: Iterator[Any]) -> Iterator[type]:
    return (option for option in options if isinstance(option, type))
