"""Webhooks of the configuration."""

from pathlib import Path

import pytest

from actor_ticketing.config import ConfigurationError, Settings, load_settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GOOD = {"name": '"crm"', "url": '"https://crm.example/in"', "secrets": f'["{SECRET}"]'}


def load(directory: Path, *endpoints: dict[str, str], section: str = "") -> Settings:
    tables = ["\n".join(f"{name} = {value}" for name, value in each.items()) for each in endpoints]
    text = "\n".join([f"[webhooks]\n{section}", *(f"[[webhooks.endpoints]]\n{each}" for each in tables)])
    path = directory / "given.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, {})


def problems_of(directory: Path, *endpoints: dict[str, str], section: str = "") -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(directory, *endpoints, section=section)
    return str(caught.value).replace(str(directory / "given.toml"), "given.toml").splitlines()


def test_endpoints_are_tables_in_the_file(tmp_path: Path) -> None:
    kinds = {"kinds": '["event.created", "reservation.converted"]'}
    first, second = load(tmp_path, GOOD, {**GOOD, "name": '"erp"'} | kinds).webhooks.endpoints
    assert (first.name, first.url, first.kinds) == ("crm", "https://crm.example/in", ())
    assert [each.get_secret_value() for each in first.secrets] == [SECRET]
    assert (second.name, second.kinds) == ("erp", ("event.created", "reservation.converted"))


def test_or_json_in_the_environment() -> None:
    text = f'[{{"name": "crm", "url": "https://crm.example/", "secrets": ["{SECRET}"]}}]'
    [endpoint] = load_settings(None, {"ACTOR_TICKETING_WEBHOOKS__ENDPOINTS": text}).webhooks.endpoints
    assert endpoint.name == "crm"


def test_a_private_address_is_taken_where_that_is_allowed(tmp_path: Path) -> None:
    inside = {**GOOD, "url": '"http://10.0.0.1:8080/in"'}
    assert load(tmp_path, inside, section="allow_private = true").webhooks.endpoints
    assert problems_of(tmp_path, inside) == [
        "webhooks.endpoints (given.toml): url of crm should begin with https:// (default)"
    ]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": '"Crm"'}, "webhooks.endpoints.0.name"),
        ({"name": '""'}, "webhooks.endpoints.0.name"),
        ({"name": '"01MCC5RM00PFD7T6XM5W1Y2QX8"'}, "webhooks.endpoints.0.name"),
        ({"name": "7"}, "webhooks.endpoints.0.name"),
        ({"url": '""'}, "webhooks.endpoints.0.url"),
        ({"url": '"https://localhost/"'}, "webhooks.endpoints"),
        ({"url": '"https://169.254.169.254/"'}, "webhooks.endpoints"),
        ({"url": '"crm.example"'}, "webhooks.endpoints"),
        ({"secrets": "[]"}, "webhooks.endpoints.0.secrets"),
        ({"secrets": f'"{SECRET}"'}, "webhooks.endpoints.0.secrets"),
        ({"secrets": f'["{SECRET[6:]}"]'}, "webhooks.endpoints.0.secrets.0"),
        ({"secrets": f'["{SECRET[:-4]}"]'}, "webhooks.endpoints.0.secrets.0"),
        ({"secrets": f'["{SECRET}="]'}, "webhooks.endpoints.0.secrets.0"),
        ({"secrets": '["whsec_' + "A" * 92 + '"]'}, "webhooks.endpoints.0.secrets.0"),
        ({"kinds": '["reservation.*"]'}, "webhooks.endpoints.0.kinds.0"),
        ({"secret": f'"{SECRET}"'}, "webhooks.endpoints.0.secret"),
    ],
)
def test_what_is_wrong_with_one_is_named_and_no_secret_is_told(
    tmp_path: Path, changes: dict[str, str], key: str
) -> None:
    [problem] = problems_of(tmp_path, {**GOOD, **changes})
    assert problem.startswith(f"{key} (given.toml): ")
    assert SECRET[6:-4] not in problem


@pytest.mark.parametrize("name", ["name", "url", "secrets"])
def test_nothing_of_it_may_be_missing(tmp_path: Path, name: str) -> None:
    [problem] = problems_of(tmp_path, {each: value for each, value in GOOD.items() if each != name})
    assert problem == f"webhooks.endpoints.0.{name} (given.toml): Field required"


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    assert set(problems_of(tmp_path, GOOD, GOOD)) == {"webhooks.endpoints (given.toml): there is more than one crm"}


@pytest.mark.parametrize("text", [SECRET, f'["{SECRET}"]', f'{{"secrets": "{SECRET}"}}', f'[{{"name": "{SECRET}"'])
def test_an_environment_that_cannot_be_read_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, {"ACTOR_TICKETING_WEBHOOKS__ENDPOINTS": text})
    assert "webhooks.endpoints" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "line", ["timeout_seconds = 0", "timeout_seconds = 61", "disable_after_hours = 0", "retry_max_seconds = nan"]
)
def test_bounds_are_kept(tmp_path: Path, line: str) -> None:
    [problem] = problems_of(tmp_path, section=line)
    assert problem.startswith(f"webhooks.{line.partition(' ')[0]} (given.toml): should ")
