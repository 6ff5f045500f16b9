"""The kinds of values clients may send, and the base of all bodies."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, SecretStr, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from actor_ticketing.domain.instants import from_datetime

METADATA_BYTES_MAX = 4_096
COUNT_MAX = 10_000_000
PRICE_MAX = 1_000_000_000_000
SECRET_MAX = 256
MINUTES_MAX = 366 * 24 * 60

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
# RFC 5321, 4.5.3.1, and the plain form of RFC 5322, 3.2.3; whatever else is in use is left to the library.
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")
_EMAIL_LENGTH_MAX = 254
_OPAQUE = re.compile(r"[!-~]{1,1024}")
_PHONE = re.compile(r"\+?[0-9 ().\-/]*")


def _typed_text(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= 200:
        raise PydanticCustomError("text_length", "must have 1 to 200 characters")
    if _CONTROL.search(text):
        raise PydanticCustomError("text_control", "must not contain control characters")
    return text


def _email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    try:
        if _PLAIN_LOCAL.fullmatch(local) and len(text) <= _EMAIL_LENGTH_MAX:
            return f"{local}@{_domain(domain)}"
        return _validated(text)
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "must be an e-mail address") from error


@lru_cache(maxsize=1024)
def _domain(domain: str) -> str:
    # Nearly all buyers share a few domains, and checking one is nine tenths of the work.
    return _validated(f"someone@{domain}").partition("@")[2]


def _validated(address: str) -> str:
    # Deliverability is the mail server's business; .test is a test deployment's.
    return validate_email(address, check_deliverability=False, test_environment=True).normalized


def _secret(secret: SecretStr) -> SecretStr:
    if not 1 <= len(secret) <= SECRET_MAX:
        raise PydanticCustomError("secret_length", "must have 1 to 256 characters")
    return secret


def _opaque(secret: SecretStr) -> SecretStr:
    if not _OPAQUE.fullmatch(secret.get_secret_value()):
        raise PydanticCustomError("opaque", "must be 1 to 1024 visible ASCII characters")
    return secret


def _phone(text: str) -> str:
    if not _PHONE.fullmatch(text) or not 5 <= sum(map(str.isdigit, text)) <= 20:
        raise PydanticCustomError("phone", "must be a telephone number, such as +62 812 3456 789")
    return text


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())
    except (ValueError, RecursionError) as error:
        raise PydanticCustomError("metadata", "must be plain JSON without NaN or infinity") from error
    if size > METADATA_BYTES_MAX:
        raise PydanticCustomError("metadata", "must not be larger than 4 KiB")
    return value


def _instant(value: Any) -> int:
    # fromisoformat takes week dates and the basic format too, which RFC 3339 does not, and no lower-case letters.
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise PydanticCustomError("instant", "must be an RFC 3339 time, such as 2027-03-20T19:00:00Z")
    try:
        return from_datetime(datetime.fromisoformat(value.upper()))
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("instant", "must be a time that exists, in the years 1970 to 9999") from error


def _milliseconds(minutes: Any) -> int:
    if isinstance(minutes, bool) or not isinstance(minutes, int | float):
        raise PydanticCustomError("minutes", "must be a number of minutes")
    if not 0 < minutes <= MINUTES_MAX or round(minutes * 60_000) < 1:
        raise PydanticCustomError("minutes", "must be more than 0 and at most a year of minutes")
    return round(minutes * 60_000)


def _string(**more: Any) -> WithJsonSchema:
    """What the OpenAPI document says of a kind that is checked by a function, which a schema cannot be made of."""
    return WithJsonSchema({"type": "string", **more})


_PLAIN_TEXT = r"[^\u0000-\u001f\u007f-\u009f]*"
_A_SIGN = r"[^\s\u0000-\u001f\u007f-\u009f]"

Text = Annotated[
    str,
    AfterValidator(_typed_text),
    _string(minLength=1, maxLength=200, pattern=f"^{_PLAIN_TEXT}{_A_SIGN}{_PLAIN_TEXT}$"),
]
Email = Annotated[Text, AfterValidator(_email), _string(format="email", maxLength=200)]
Secret = Annotated[
    SecretStr, AfterValidator(_secret), _string(format="password", writeOnly=True, minLength=1, maxLength=SECRET_MAX)
]
OpaqueSecret = Annotated[SecretStr, AfterValidator(_opaque), _string(writeOnly=True, pattern=f"^{_OPAQUE.pattern}$")]
Phone = Annotated[
    Text, AfterValidator(_phone), _string(pattern=r"^\+?([ ().\-/]*[0-9]){5,20}[ ().\-/]*$", maxLength=200)
]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]
SessionId = Annotated[str, _string(pattern="^[A-Za-z0-9._~-]{1,128}$")]
"""A session id, whose form is checked together with whose it is."""
Instant = Annotated[
    int,
    BeforeValidator(_instant),
    _string(format="date-time", pattern=f"^(?!0|1[0-8]|19[0-6]){_RFC3339.pattern}$", examples=["2027-03-20T19:00:00Z"]),
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Minutes = Annotated[
    int,
    BeforeValidator(_milliseconds),
    # Half a millisecond is rounded to none.
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0.5 / 60_000, "maximum": MINUTES_MAX}),
]
Quantity = Annotated[int, Field(ge=1, le=COUNT_MAX)]
Price = Annotated[int, Field(ge=0, le=PRICE_MAX)]
Total = Annotated[int, Field(ge=0, le=COUNT_MAX)]
Metadata = Annotated[dict[str, JsonValue], AfterValidator(_metadata)]


class Body(BaseModel):
    """Base of all bodies: camelCase on the wire, strict types, nothing unknown."""

    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, frozen=True, hide_input_in_errors=True
    )

    def __repr_args__(self) -> Sequence[tuple[str | None, Any]]:
        """Nothing that somebody sent is in a repr, and so in no log."""
        return ()

    def given(self) -> dict[str, Any]:
        """What the client sent, by field name; what it left out is not there."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def one_of(*forms: Sequence[str]) -> Callable[[dict[str, Any]], None]:
    """What the OpenAPI document adds to the schema of a body that has to have the members of exactly one form.

    Null stands for absent.
    """

    def add(schema: dict[str, Any]) -> None:
        names = {name for form in forms for name in form}
        schema["oneOf"] = [
            {
                "required": list(form),
                "properties": {name: {"not": {"type": "null"}} for name in form}
                | {name: {"type": "null"} for name in sorted(names.difference(form))},
            }
            for form in forms
        ]

    return add
