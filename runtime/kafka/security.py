"""As whom, and how guarded, we speak to the cluster: from the environment, so that no secret stands in an address."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from runtime.errors import StartError

PREFIX: Final = "STANCH_KAFKA_"
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True)
class Security:
    """How every connection is made. With SASL a user and a password; with SSL the broker's certificate is always checked."""

    protocol: str = PROTOCOLS[0]
    mechanism: str = MECHANISMS[2]
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def options(self) -> dict[str, Any]:
        """Return what every client of ours is given.

        Raises:
            StartError: a certificate cannot be read.
        """
        found: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.endswith("SSL"):
            found["ssl_context"] = self.context()
        if self.protocol.startswith("SASL"):
            found["sasl_mechanism"] = self.mechanism
            found["sasl_plain_username"], found["sasl_plain_password"] = self.user, self.password
        return found

    def context(self) -> ssl.SSLContext:
        """Return what checks the broker's certificate and shows ours, if there is one.

        Raises:
            StartError: a certificate cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise StartError(f"{PREFIX}CA_FILE, CERT_FILE or KEY_FILE cannot be read: {error}") from error
        return context


def security_of(environ: Mapping[str, str]) -> Security:
    """Return what ``STANCH_KAFKA_SECURITY``, ``_MECHANISM``, ``_USER``, ``_PASSWORD`` or ``_PASSWORD_FILE``, ``_CA_FILE``,
    ``_CERT_FILE`` and ``_KEY_FILE`` say.

    Raises:
        StartError: they do not fit together.
    """  # noqa: D205 - the names make the sentence long
    found = Security(
        protocol=_one_of(environ, "SECURITY", PROTOCOLS, PROTOCOLS[0]),
        mechanism=_one_of(environ, "MECHANISM", MECHANISMS, MECHANISMS[2]),
        user=environ.get(f"{PREFIX}USER", ""),
        password=_password(environ),
        ca_file=environ.get(f"{PREFIX}CA_FILE"),
        cert_file=environ.get(f"{PREFIX}CERT_FILE"),
        key_file=environ.get(f"{PREFIX}KEY_FILE"),
    )
    if found.protocol.startswith("SASL") and not (found.user and found.password):
        raise StartError(f"{PREFIX}SECURITY={found.protocol} needs {PREFIX}USER and {PREFIX}PASSWORD_FILE")
    return found


def _one_of(environ: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    value = environ.get(PREFIX + name, default)
    if value not in known:
        raise StartError(f"{PREFIX}{name}={value}: there are {', '.join(known)}")
    return value


def _password(environ: Mapping[str, str]) -> str:
    path = environ.get(f"{PREFIX}PASSWORD_FILE")
    if path is None:
        return environ.get(f"{PREFIX}PASSWORD", "")
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{PREFIX}PASSWORD_FILE={path} cannot be read: {error}") from error
