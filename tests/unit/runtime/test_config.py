"""Configuration: whole or not at all, and every error with its file, its line and the cure."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from runtime.config import Configuration, load, read_yaml, read_yaml_file
from runtime.errors import ConfigError
from schemas.entity import AssetClass
from schemas.mode import Mode


class Limits(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: int = Field(default=5, ge=1)


class Ingest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = 8080
    host: str = "127.0.0.1"
    limits: Limits = Limits()
    token: SecretStr | None = None
    sources: tuple[str, ...] = ()


class Site:
    """A folder with a stanch.yaml and tenants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tenants").mkdir()
        self.main("version: 1\n")

    def main(self, text: str) -> None:
        (self.folder / "stanch.yaml").write_text(text)

    def tenant(self, name: str, text: str) -> None:
        (self.folder / "tenants" / name).write_text(text)

    def load(self, environ: Mapping[str, str] | None = None) -> Configuration:
        return load(self.folder, {"ingest": Ingest}, environ or {})

    def problems(self, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(environ)
        return [problem.replace(f"{self.folder}/", "") for problem in caught.value.problems]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_the_example_of_the_repository_loads() -> None:
    found = load(Path("deploy/example"), {}, {"ACME_TOKEN": "t", "ACME_FIREWALL_TOKEN": "f"})
    assert found.tenants["acme"].assets[0].asset_class is AssetClass.DOMAIN_CONTROLLER


class TestSettings:
    """A section per service; what is left out has its default."""

    def test_a_section_and_the_defaults(self, site: Site) -> None:
        site.main("version: 1\ningest:\n  port: 9000\n  sources: [a, b]\n")
        assert site.load().settings["ingest"] == Ingest(port=9000, sources=("a", "b"))

    def test_no_section_at_all(self, site: Site) -> None:
        assert site.load().settings["ingest"] == Ingest()

    def test_sections_of_other_services_are_left_alone(self, site: Site) -> None:
        site.main("version: 1\nnotify: {anything: 1}\n")
        assert site.load().settings == {"ingest": Ingest()}

    def test_unknown_keys_name_the_nearest(self, site: Site) -> None:
        site.main("version: 1\ningset: {}\ningest:\n  prot: 1\n  limits:\n    rat: 1\n")
        assert site.problems() == [
            "stanch.yaml:2: ingset is not known; did you mean `ingest`?",
            "stanch.yaml:4: ingest.prot is not known; did you mean `port`?",
            "stanch.yaml:6: ingest.limits.rat is not known; did you mean `rate`?",
        ]

    def test_a_wrong_value_names_its_line_and_what_was_found(self, site: Site) -> None:
        site.main("version: 1\ningest:\n  host: x\n  limits:\n    rate: 0\n")
        assert site.problems() == [
            "stanch.yaml:5: ingest.limits.rate: Input should be greater than or equal to 1; found 0"
        ]

    def test_a_key_given_twice(self, site: Site) -> None:
        site.main("version: 1\ningest:\n  port: 1\n  port: 2\n")
        assert site.problems() == [
            "stanch.yaml:4: the key 'port' stands here for the second time (first on line 3); keep one"
        ]

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "stanch.yaml:1: version is missing; add `version: 1`"),
            ("version: 2", "stanch.yaml:1: version: 2 is newer than this release knows (1); use the newer release"),
            ("version: one", "stanch.yaml:1: version: 'one' is no version; write `version: 1`"),
            ("- a", "stanch.yaml:1: the file must hold keys and values, `name: value`"),
        ],
    )
    def test_the_version(self, site: Site, text: str, problem: str) -> None:
        site.main(text)
        assert problem in site.problems()

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"stanch\.yaml:1: the file cannot be read \(No such file"):
            load(tmp_path / "stanch.yaml", {}, {})


class TestEnvironment:
    """STANCH_<SERVICE>__<FIELD> overrides the file."""

    def test_overrides(self, site: Site) -> None:
        site.main("version: 1\ningest: {port: 1}\n")
        environ = {"STANCH_INGEST__PORT": "2", "STANCH_INGEST__LIMITS__RATE": "7", "STANCH_INGEST__SOURCES": "[x, y]"}
        assert site.load(environ).settings["ingest"] == Ingest(port=2, limits=Limits(rate=7), sources=("x", "y"))

    def test_other_variables_are_none_of_its_business(self, site: Site) -> None:
        environ = {"STANCH_HOME": "/x", "STANCH_FAILPOINT": "a", "PATH": "x", "STANCH_NOTIFY__X": "of another process"}
        assert site.load(environ).settings["ingest"] == Ingest()

    def test_what_overrides_nothing_is_an_error(self, site: Site) -> None:
        assert site.problems({"STANCH_INGEST__PROT": "1", "STANCH_INGES__PORT": "1"}) == [
            "environment: STANCH_INGEST__PROT: ingest has no field PROT; did you mean `PORT`?",
            "environment: STANCH_INGES__PORT: there is no service INGES; did you mean `INGEST`?",
        ]

    def test_a_wrong_override_names_the_variable(self, site: Site) -> None:
        (problem,) = site.problems({"STANCH_INGEST__PORT": "many"})
        assert problem.startswith("environment: STANCH_INGEST__PORT: ingest.port: Input should be a valid integer")

    def test_a_secret_may_come_from_a_variable(self, site: Site) -> None:
        settings = site.load({"STANCH_INGEST__TOKEN": "s3cret"}).settings["ingest"]
        assert settings == Ingest(token=SecretStr("s3cret"))


class TestSecrets:
    """No file holds a secret; it names where one lies."""

    def test_a_variable_and_a_file(self, site: Site) -> None:
        (site.folder / "tenants" / "secret").write_text("from file\n")
        site.main("version: 1\ningest:\n  token: {env: TOKEN}\n")
        site.tenant("acme.yaml", "key: {file: secret}\n")
        found = site.load({"TOKEN": "from env"})
        assert found.settings["ingest"] == Ingest(token=SecretStr("from env"))
        assert found.tenants["acme"].key == SecretStr("from file")

    def test_a_literal_one_is_refused_and_not_repeated(self, site: Site) -> None:
        site.main("version: 1\ningest:\n  token: hunter2\n")
        (problem,) = site.problems()
        assert problem.startswith("stanch.yaml:3: ingest.token: a secret may not stand in a file; write {env: NAME}")
        assert "hunter2" not in problem

    def test_references_that_lead_nowhere(self, site: Site) -> None:
        site.main("version: 1\ningest:\n  token: {env: NOPE}\n")
        site.tenant(
            "acme.yaml", "connectors:\n  - name: f\n    kind: k\n    base_url: u\n    secrets: {t: {file: no}}\n"
        )
        assert site.problems() == [
            "stanch.yaml:3: ingest.token: the variable NOPE is not set; export it",
            f"tenants/acme.yaml:5: connectors.0.secrets.t: the secret file {site.folder}/tenants/no cannot be read"
            " (No such file or directory); create it or mend the path".replace(f"{site.folder}/", ""),
        ]


class TestTenants:
    """One file per client company; its name is the slug."""

    def test_the_slug_is_the_file_name(self, site: Site) -> None:
        site.tenant("acme.yaml", "name: Acme\nmode: ARMED\n")
        site.tenant("globex-2.yaml", "")
        found = site.load().tenants
        assert {slug: tenant.mode for slug, tenant in found.items()} == {"acme": Mode.ARMED, "globex-2": Mode.OBSERVE}

    @pytest.mark.parametrize("name", ["Acme.yaml", "acme.yml", "a_b.yaml"])
    def test_a_name_that_is_no_slug(self, site: Site, name: str) -> None:
        site.tenant(name, "")
        assert site.problems()[0].startswith(f"tenants/{name}:1: name it `<slug>.yaml`")

    def test_a_slug_that_contradicts_its_file(self, site: Site) -> None:
        site.tenant("acme.yaml", "slug: globex\n")
        assert site.problems() == ["tenants/acme.yaml:1: slug: the file's name says 'acme'; leave the key out"]

    def test_two_tenants_with_one_token(self, site: Site) -> None:
        for name in ("acme", "globex"):
            site.tenant(f"{name}.yaml", "token: {env: SAME}\n")
        assert site.problems({"SAME": "t"}) == [
            "tenants/globex.yaml:1: token: tenant acme has the same; give each its own"
        ]

    def test_the_errors_of_all_files_are_listed_together(self, site: Site) -> None:
        site.main("version: 9\ningest: {port: x}\n")
        site.tenant("a.yaml", "mode: ARMD\nnetworks: [10.0.0.0/33]\n")
        site.tenant("b.yaml", "assets: [\n")
        places = [problem.split(" ")[0] for problem in site.problems({"STANCH_INGEST__X": "1"})]
        assert places == [
            "stanch.yaml:1:",
            "stanch.yaml:2:",
            "tenants/a.yaml:1:",
            "tenants/a.yaml:2:",
            "tenants/a.yaml:2:",
            "tenants/b.yaml:2:",
            "environment:",
        ]


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")

    control: str
    minutes: int


class Playbook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    steps: tuple[Step, ...]


class TestOtherYaml:
    """The same listing for one text or file of another kind."""

    def test_a_whole_text(self) -> None:
        text = "name: p\nsteps:\n  - {control: c, minutes: 0x10}\n  - control: 2026-01-01\n    minutes: 1_000\n"
        found = read_yaml(text, Playbook, "p.yml")
        assert [step.minutes for step in found.steps] == [16, 1_000]
        assert found.steps[1].control == "2026-01-01"

    def test_all_its_errors(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yml"
        path.write_text("nam: p\nsteps:\n  - control: c\n    minutes: soon\n  - {}\n")
        with pytest.raises(ConfigError) as caught:
            read_yaml_file(path, Playbook)
        assert [problem.removeprefix(f"{path}:") for problem in caught.value.problems] == [
            "1: nam is not known; did you mean `name`?",
            "1: name is missing; add `name: ...`",
            "4: steps.0.minutes: Input should be a valid integer, unable to parse string as an integer; found 'soon'",
            "5: steps.1.control is missing; add `control: ...`",
            "5: steps.1.minutes is missing; add `minutes: ...`",
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "name: !!python/object/apply:os.system [ls]",
            "a: &a [*a]",
            "? [x]\n: y",
            "name: \x00",
            "name: {a: b",
            "\t- x",
            "x: *y",
            "a: &a [1,1,1,1,1,1,1,1,1]\n" + "\n".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]" for p, c in zip("abcdefgh", "bcdefghi", strict=True)),
        ],
    )  # fmt: skip
    def test_hostile_yaml_is_an_error_and_nothing_else(self, text: str) -> None:
        with pytest.raises(ConfigError):
            read_yaml(text, Playbook, "p.yml")
