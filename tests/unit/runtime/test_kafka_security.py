"""As whom we are on the cluster is said by the environment, and refused where it does not fit together."""

from pathlib import Path

import pytest

from runtime.errors import StartError
from runtime.kafka import Security, security_of


def test_without_a_word_nothing_is_guarded() -> None:
    assert security_of({}).options() == {"security_protocol": "PLAINTEXT"}


def test_a_password_comes_from_a_file_and_stands_in_no_representation(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n")
    found = security_of(
        {
            "STANCH_KAFKA_SECURITY": "SASL_PLAINTEXT",
            "STANCH_KAFKA_USER": "respond",
            "STANCH_KAFKA_PASSWORD_FILE": str(path),
        }
    )
    assert found.options()["sasl_plain_password"] == "secret"
    assert found.options()["sasl_mechanism"] == "SCRAM-SHA-512"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"STANCH_KAFKA_SECURITY": "TLS"}, "there are PLAINTEXT"),
        ({"STANCH_KAFKA_SECURITY": "SASL_SSL"}, "needs STANCH_KAFKA_USER"),
        ({"STANCH_KAFKA_MECHANISM": "MD5"}, "there are PLAIN"),
        ({"STANCH_KAFKA_PASSWORD_FILE": "/nowhere"}, "/nowhere cannot be read"),
    ],
)
def test_what_does_not_fit_together_is_refused(environ: dict[str, str], reason: str) -> None:
    with pytest.raises(StartError, match=reason):
        security_of(environ)


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    with pytest.raises(StartError, match="CA_FILE"):
        Security("SSL", ca_file=str(path)).options()
