import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from actor_ticketing.config import KEYS, SECRET_KEYS, TABLES, ConfigurationError, Settings, load_settings

SHIPPED = Path(__file__).parent.parent / "config.toml"


@pytest.fixture(autouse=True)
def _empty_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def from_file(text: str, environ: dict[str, str] | None = None) -> Settings:
    path = Path("given.toml")
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ or {})


def from_environment(**variables: str) -> Settings:
    return load_settings(None, {f"ACTOR_TICKETING_{name}": value for name, value in variables.items()})


def problems_of(text: str, environ: dict[str, str] | None = None, /, **variables: str) -> list[str]:
    environ = (environ or {}) | {f"ACTOR_TICKETING_{name}": value for name, value in variables.items()}
    with pytest.raises(ConfigurationError) as caught:
        from_file(text, environ)
    return str(caught.value).splitlines()


def value_of(settings: Settings, key: str) -> object:
    value: object = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def flat(document: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in document.items():
        found |= {f"{name}.{key}": inner for key, inner in value.items()} if isinstance(value, dict) else {name: value}
    return found


def test_the_shipped_file_has_every_key_but_secrets_and_tables() -> None:
    assert flat(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))).keys() == KEYS - SECRET_KEYS - TABLES


def test_the_shipped_file_states_the_defaults() -> None:
    assert load_settings(SHIPPED, {}) == Settings()


def test_the_shipped_file_shows_each_secret_commented_out() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert [key for key in SECRET_KEYS if f'\n# {key.split(".")[1]} = ""\n' not in text] == []


def test_no_secret_has_a_default() -> None:
    assert {"auth.admin_token", "auth.cron_secret", "auth.jwt_secret", "issuer.secret", "mail.password"} == SECRET_KEYS
    assert [value_of(Settings(), key) for key in SECRET_KEYS] == [None] * 5


def test_the_file_wins_over_the_default() -> None:
    assert from_file("[server]\nport = 9000").server.port == 9000


def test_the_environment_wins_over_the_file() -> None:
    settings = from_file("[server]\nport = 9000\nhost = '::1'", {"ACTOR_TICKETING_SERVER__PORT": "9001"})
    assert (settings.server.port, settings.server.host) == (9001, "::1")


def test_the_command_line_wins_over_everything() -> None:
    environ = {"ACTOR_TICKETING_SERVER__PORT": "9001", "ACTOR_TICKETING_DATA_DIR": "from-environment"}
    settings = load_settings(None, environ, port=0, host="0.0.0.0", data_dir=Path("given"))  # noqa: S104
    assert (settings.server.port, settings.server.host, settings.data_dir) == (0, "0.0.0.0", Path("given"))  # noqa: S104


def test_an_option_that_was_not_given_changes_nothing() -> None:
    assert load_settings(None, {}, port=None, host=None, data_dir=None) == Settings()


def test_a_bad_option_is_named_as_it_was_written() -> None:
    with pytest.raises(ConfigurationError, match=r"^server\.port \(--port\): should be less than or equal to 65535"):
        load_settings(None, {}, port=70_000)


def test_without_a_path_the_file_in_the_working_directory_is_read() -> None:
    Path("config.toml").write_text("[server]\nport = 9000", encoding="utf-8")
    assert load_settings(None, {}).server.port == 9000


def test_without_a_path_a_missing_file_means_the_defaults() -> None:
    assert load_settings(None, {}) == Settings()


def test_a_file_asked_for_by_name_must_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.toml: cannot be read: No such file"):
        load_settings(Path("missing.toml"), {})


def test_settings_ignore_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER", '{"port": 1}')
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    assert Settings() == load_settings(None, {})


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("DATA_DIR", "/var/lib/tickets", "data_dir", Path("/var/lib/tickets")),
        ("SERVER__PORT", "0", "server.port", 0),
        ("HOLDS__DEFAULT_MINUTES", "0.5", "holds.default_minutes", 0.5),
        ("RATE_LIMIT__ENABLED", "false", "rate_limit.enabled", False),
        ("RATE_LIMIT__ENABLED", "TRUE", "rate_limit.enabled", True),
        ("RATE_LIMIT__ENABLED", "0", "rate_limit.enabled", False),
        ("HOLDS__WARN_SECONDS", "[120, 30.5]", "holds.warn_seconds", (120, 30.5)),
        ("HOLDS__WARN_SECONDS", "120, 30.5", "holds.warn_seconds", (120, 30.5)),
        ("HOLDS__WARN_SECONDS", "", "holds.warn_seconds", ()),
        ("SERVER__ALLOWED_ORIGINS", '["https://a.example"]', "server.allowed_origins", ("https://a.example",)),
        ("SERVER__ALLOWED_ORIGINS", "https://a,http://b:1", "server.allowed_origins", ("https://a", "http://b:1")),
        ("LOG__LEVEL", "INFO", "log.level", "info"),
        ("AUTH__JWT_ISSUER", "8080", "auth.jwt_issuer", "8080"),
    ],
)
def test_an_environment_variable_is_read_as_the_type_of_its_key(name: str, text: str, key: str, value: object) -> None:
    found = value_of(from_environment(**{name: text}), key)
    assert (found, type(found)) == (value, type(value) if not isinstance(value, Path) else type(Path()))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("port = true", "server.port"),
        ('port = "8080"', "server.port"),
        ("port = 80.0", "server.port"),
        ("port = 65536", "server.port"),
        ("host = ''", "server.host"),
        ("shutdown_seconds = true", "server.shutdown_seconds"),
        ("shutdown_seconds = nan", "server.shutdown_seconds"),
        ("allowed_origins = 'https://a.example'", "server.allowed_origins"),
        ("allowed_origins = ['https://a.example/']", "server.allowed_origins"),
        ("allowed_origins = ['*']", "server.allowed_origins"),
    ],
)
def test_a_bad_value_in_the_file_is_refused_with_its_key_and_the_file(line: str, key: str) -> None:
    (problem,) = problems_of(f"[server]\n{line}")
    assert problem.startswith(f"{key} (given.toml): should ")


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("SERVER__PORT", "", "server.port"),
        ("SERVER__PORT", "80.5", "server.port"),
        ("RATE_LIMIT__READ_PER_USER", "0/minute", "rate_limit.read_per_user"),
        ("RATE_LIMIT__READ_PER_USER", "5/0 minutes", "rate_limit.read_per_user"),
        ("RATE_LIMIT__READ_PER_USER", "5/minute;1/hour", "rate_limit.read_per_user"),
        ("HOLDS__MAX_MINUTES", "inf", "holds.max_minutes"),
        ("HOLDS__MIN_SECONDS", "nan", "holds.min_seconds"),
        ("HOLDS__WARN_SECONDS", "60,soon", "holds.warn_seconds"),
        ("HOLDS__WARN_SECONDS", "[60", "holds.warn_seconds"),
        ("HOLDS__WARN_SECONDS", "[true]", "holds.warn_seconds"),
        ("RATE_LIMIT__ENABLED", "perhaps", "rate_limit.enabled"),
        ("AUTH__JWT_ALGORITHMS", "none", "auth.jwt_algorithms"),
        ("AUTH__JWT_ALGORITHMS", "", "auth.jwt_algorithms"),
        ("STORAGE__SYNCHRONOUS", "OFF", "storage.synchronous"),
        ("EXTENSIONS__POLICY", "lenient", "extensions.policy"),
        ("DATA_DIR", "", "data_dir"),
        ("DATA_DIR", "~/tickets", "data_dir"),
        ("SERVER__HOST", "\udcff", "server.host"),
    ],
)
def test_a_bad_value_in_the_environment_is_refused_with_its_key_and_variable(name: str, text: str, key: str) -> None:
    (problem,) = problems_of("", **{name: text})
    assert problem.startswith(f"{key} (ACTOR_TICKETING_{name}): ")


def test_a_problem_says_what_was_found_instead() -> None:
    assert problems_of("", SERVER__PORT="70000") == [
        "server.port (ACTOR_TICKETING_SERVER__PORT): should be less than or equal to 65535, got 70000"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[server]\nprot = 1", "server.prot (given.toml): unknown key; did you mean server.port?"),
        ("[servr]\nport = 1", "servr (given.toml): unknown section; did you mean server?"),
        ("data_dri = 'x'", "data_dri (given.toml): unknown key; did you mean data_dir?"),
        ("_env_file = 'x'", "_env_file (given.toml): unknown key"),
        ("server = 8080", "server (given.toml): should be a section, written [server]"),
    ],
)
def test_what_the_file_may_not_contain_is_named(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ACTOR_TICKETING_SERVR__PORT", "; did you mean ACTOR_TICKETING_SERVER__PORT?"),
        ("ACTOR_TICKETING_SERVER_PORT", "; did you mean ACTOR_TICKETING_SERVER__PORT?"),
        ("actor_ticketing_server__port", "; did you mean ACTOR_TICKETING_SERVER__PORT?"),
        ("ACTOR_TICKETING_DATADIR", "; did you mean ACTOR_TICKETING_DATA_DIR?"),
    ],
)
def test_an_unknown_variable_of_ours_is_named(name: str, hint: str) -> None:
    assert problems_of("", {name: "1"}) == [f"{name}: unknown environment variable{hint}"]


def test_variables_of_others_are_none_of_our_business() -> None:
    assert load_settings(None, {"PATH": "/bin", "SERVER__PORT": "1"}) == Settings()


def test_invalid_toml_is_refused_with_its_line() -> None:
    (problem,) = problems_of("[server]\nport = \n")
    assert problem.startswith("given.toml: cannot be read: invalid TOML: ")
    assert "line 2" in problem


def test_all_problems_of_all_sources_come_at_once() -> None:
    text = "nonsense = 1\n[server]\nport = -1\n[log]\nformat = 'xml'"
    assert len(problems_of(text, NONSENSE="1", STORAGE__READERS="x")) == 5


def test_keys_that_contradict_each_other_are_both_named() -> None:
    assert problems_of("[holds]\ndefault_minutes = 61\nmin_seconds = 3661") == [
        "holds.default_minutes (given.toml): 61 minutes is less than holds.min_seconds = 3661 (given.toml)",
        "holds.default_minutes (given.toml): 61 minutes is more than holds.max_minutes = 60 (default)",
        "extensions.max_total_minutes (default): 60 minutes is less than holds.default_minutes = 61 (given.toml)",
    ]


def test_a_default_hold_at_the_very_bounds_is_accepted() -> None:
    text = "holds = {default_minutes = 0.05, min_seconds = 3, max_minutes = 0.05}\nextensions.max_total_minutes = 0.05"
    assert from_file(text).holds.default_minutes == 0.05


def test_an_empty_secret_counts_as_not_configured() -> None:
    auth = from_environment(AUTH__ADMIN_TOKEN="", AUTH__CRON_SECRET="", AUTH__JWT_SECRET="").auth
    assert (auth.admin_token, auth.cron_secret, auth.jwt_secret) == (None, None, None)


def test_a_secret_of_sufficient_length_is_accepted() -> None:
    auth = from_environment(AUTH__ADMIN_TOKEN="a" * 16, AUTH__JWT_SECRET="é" * 16).auth
    assert (auth.admin_token, auth.jwt_secret) == (SecretStr("a" * 16), SecretStr("é" * 16))


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("ADMIN_TOKEN", "hush-7c"),
        ("ADMIN_TOKEN", "hush with spaces in it"),
        ("ADMIN_TOKEN", "hush-and-a-line-end\n"),
        ("CRON_SECRET", "hush-7c"),
        ("JWT_SECRET", "hush-of-thirty-one-bytes-just-1"),
        ("JWT_SECRET", "hush" + "\udcff" * 40),
    ],
)
def test_an_unfit_secret_is_refused_without_being_shown(name: str, secret: str) -> None:
    (problem,) = problems_of("", **{f"AUTH__{name}": secret})
    assert problem.startswith(f"auth.{name.lower()} (ACTOR_TICKETING_AUTH__{name}): ")
    assert "hush" not in problem


def test_a_secret_of_the_wrong_type_is_not_shown() -> None:
    (problem,) = problems_of("[auth]\nadmin_token = 271828182845904523")
    assert "2718" not in problem


def test_a_secret_under_a_misspelt_name_is_not_shown() -> None:
    assert "hush" not in " ".join(problems_of("[auth]\nadmin_tokn = 'hush'", AUTH__JWT_SECRT="hush"))


def test_the_error_drags_no_exception_along_that_holds_the_values() -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_environment(AUTH__ADMIN_TOKEN="hush")
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_settings_do_not_show_their_secrets() -> None:
    assert "hush" not in repr(from_environment(AUTH__ADMIN_TOKEN="hush-hush-hush-hush"))


@pytest.mark.parametrize(("algorithm", "shortest"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_the_jwt_secret_is_as_long_as_the_longest_accepted_hash(algorithm: str, shortest: int) -> None:
    algorithms = f"HS256,{algorithm}"
    assert from_environment(AUTH__JWT_SECRET="s" * shortest, AUTH__JWT_ALGORITHMS=algorithms).auth.jwt_secret
    (problem,) = problems_of("", AUTH__JWT_SECRET="s" * (shortest - 1), AUTH__JWT_ALGORITHMS=algorithms)
    assert f"at least {shortest} bytes" in problem


def test_origins_are_compared_in_the_lower_case_that_browsers_send() -> None:
    settings = from_environment(SERVER__ALLOWED_ORIGINS="HTTPS://Shop.Example")
    assert settings.server.allowed_origins == ("https://shop.example",)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().server.port = 1  # type: ignore[misc]


MAIL_ON = '[mail]\nenabled = true\nhost = "smtp.example.com"\nfrom_address = "City Hall <tickets@example.com>"\n'


def test_mail_that_is_switched_on_needs_a_server_and_a_sender() -> None:
    assert from_file(MAIL_ON).mail.enabled
    assert problems_of("[mail]\nenabled = true") == [
        "mail.host (default): is needed to send mail (given.toml)",
        "mail.from_address (default): is needed to send mail (given.toml)",
    ]


def test_a_password_for_mail_does_not_travel_in_the_clear() -> None:
    signed_in = MAIL_ON + 'username = "u"\n'
    assert problems_of(signed_in) == ["mail.username (given.toml): should come with a password (default)"]
    text = signed_in + 'tls = "none"\n'
    assert problems_of(text, MAIL__PASSWORD="hunter2") == [
        "mail.tls (given.toml): would send the password in the clear (given.toml)"
    ]
    settings = from_file(text.replace("smtp.example.com", "localhost"), {"ACTOR_TICKETING_MAIL__PASSWORD": "hunter2"})
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("from_address", "no address"),
        ("from_address", "Hall <tickets@example.com>\\nBcc: x@example.com"),
        ("from_address", "Höll <tickets@example.com>"),
        ("public_url", "tickets.example.com"),
        ("public_url", "javascript:alert(1)"),
        ("language", "fr"),
        ("tls", "maybe"),
    ],
)
def test_what_would_spoil_every_mail_stops_the_start(key: str, value: str) -> None:
    [problem] = problems_of(f'[mail]\n{key} = "{value}"')
    assert problem.startswith(f"mail.{key} (given.toml): ")
