"""What a mapping file may say. Paths are dotted: ``client.address``; a step that is a number picks from a list."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from schemas.ocsf.classes import ONE_OF, REQUIRED, OcsfClass

Path = Annotated[str, StringConstraints(pattern=r"^[^.\s][^\n]{0,200}$")]
Target = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}(\.[a-z][a-z0-9_]{0,60}){0,5}$")]
Form = Literal["text", "integer", "number", "address", "truth"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeField(_Part):
    """Where the event time stands, and how it is written. A text is ISO 8601, one without a zone is UTC."""

    path: Path
    form: Literal["text", "seconds", "milliseconds"] = "text"


class FieldRule(_Part):
    """One field: where its value stands, how it is read, and what it is translated to."""

    path: Path
    form: Form | None = Field(default=None, description="where absent, what the name of the OCSF field suggests")
    values: dict[str, int | str] = Field(default_factory=dict, description="native value, in lower case -> OCSF value")
    otherwise: int | str | None = None


class AccountPath(_Part):
    """An account in two fields."""

    name: Path
    domain: Path | None = None


class SigmaSource(_Part):
    """Sigma's logsource."""

    product: str = ""
    category: str = ""
    service: str = ""


class DeclaredMapping(_Part):
    """One kind of JSON record."""

    version: Literal[1]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
    recognise: tuple[str, ...] = Field(
        default=(), description="top fields that a record must have to be taken for one of these"
    )
    kind: str = Field(default="event", description="what Sigma routes by, below the mapping's name")
    product: str = ""
    logsource: SigmaSource = SigmaSource()
    time: TimeField
    class_uid: int
    activity: int | FieldRule = 99
    constants: dict[Target, Any] = Field(default_factory=dict)
    fields: dict[Target, Path | FieldRule]
    host: Path | None = None
    accounts: tuple[Path | AccountPath, ...] = ()
    addresses: tuple[Path, ...] = ()

    @field_validator("class_uid")
    @classmethod
    def _known(cls, value: int) -> int:
        if value not in OcsfClass.__members__.values():
            raise ValueError(f"no class that ingest emits; known are {', '.join(str(int(one)) for one in OcsfClass)}")
        return value

    @field_validator("fields")
    @classmethod
    def _sufficient(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Refuse a mapping whose events could never have what their class requires."""
        class_uid = info.data.get("class_uid")
        if class_uid is None:
            return value
        given = {target.partition(".")[0] for target in (*value, *info.data.get("constants", {}))} | {"device"}
        missing = [name for name in REQUIRED[class_uid] if name not in given]
        either = ONE_OF.get(class_uid)
        if either and not given.intersection(either):
            missing.append(" or ".join(either))
        if missing:
            raise ValueError(f"class {class_uid} requires {', '.join(missing)}")
        return value
