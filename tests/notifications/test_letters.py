"""What a mail looks like: whatever people are called, and whatever a deployment makes of it."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.config.sections import MailSettings
from actor_ticketing.domain.mail import Mail, MailKind
from actor_ticketing.notifications.letters import Attachment, Letter, _letter
from actor_ticketing.notifications.wording import Templates, Wording, one_line

FACTS: dict[str, Any] = {
    "event": {"title": "Spring Concert", "venue": "City Hall", "start": 1_805_569_200_000},
    "ticket_type": "Standing",
    "quantity": 2,
    "total": "90.00 EUR",
    "code": "AAAAAA-BBBBBB-CCCCCC",
    "deadline": 1_800_000_000_000,
    "buyer": "Ada Lovelace",
    "tickets": [{"code": "AAAA", "holder": "Ada Lovelace"}, {"code": "BBBB", "holder": None}],
    "link": "https://hall.test/reservations",
}
EVIL = '<script>alert(1)</script> & "x"\r\nBcc: victim@example.com\u202e\x00'


def parsed(letter: Letter) -> EmailMessage:
    message = message_from_bytes(letter.content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def composed(
    wording: Wording, recipient: str = "ada@example.com", sender: str = "tickets@hall.test", files: Any = ()
) -> Letter:
    mail = Mail(
        id="R1.expired", kind=MailKind.EXPIRED, reservation_id="R1", created_at=1_800_000_000_000, since=0, due_at=0
    )
    return _letter(mail, wording, files, sender, recipient)


PLAIN = Wording(subject="Hello", text="Hello\n", html="<p>Hello</p>")


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("kind", MailKind)
def test_every_mail_can_be_said_in_every_language(kind: MailKind, language: str) -> None:
    said = Templates(language).wording(kind, FACTS)
    for each in ("Spring Concert", "City Hall", "Standing", "90.00 EUR", FACTS["code"], FACTS["link"]):
        assert each in said.text
        assert each in said.html
    assert "Spring Concert" in said.subject
    assert f'<html lang="{language}">' in said.html
    assert not [line for line in (said.text + said.html).splitlines() if "{{" in line or "{%" in line]


@pytest.mark.parametrize("kind", MailKind)
def test_what_is_not_known_is_left_out(kind: MailKind) -> None:
    said = Templates("en").wording(kind, {**FACTS, "link": None, "buyer": None})
    assert "None" not in said.text + said.html
    assert "http" not in said.text + said.html


@pytest.mark.parametrize(
    ("language", "text"), [("en", "15 January 2027, 08:00 UTC"), ("id", "15 Januari 2027, 08:00 UTC")]
)
def test_times_are_written_in_the_language_of_the_mail(language: str, text: str) -> None:
    assert text in Templates(language).wording(MailKind.EXPIRING, FACTS).text


@pytest.mark.parametrize("kind", MailKind)
def test_hostile_names_are_text_in_html(kind: MailKind) -> None:
    evil = one_line(EVIL)
    facts = {
        **FACTS,
        "event": {**FACTS["event"], "title": evil, "venue": evil},
        "ticket_type": evil,
        "buyer": evil,
        "tickets": [{"code": "AAAA", "holder": evil}],
    }
    said = Templates("en").wording(kind, facts)
    assert "<script" not in said.html
    assert "&lt;script&gt;" in said.html
    assert "<script>" in said.text


def test_nothing_in_a_name_begins_a_line_or_turns_the_letters_around() -> None:
    assert one_line(EVIL) == '<script>alert(1)</script> & "x" Bcc: victim@example.com'
    assert one_line("a\u2028b\u2029c\x85d\u200b") == "a b c d"


def test_a_subject_cannot_become_another_header() -> None:
    facts = {**FACTS, "event": {**FACTS["event"], "title": EVIL}}
    said = Templates("en").wording(MailKind.EXPIRED, facts)
    message = parsed(composed(said))
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


def test_a_subject_in_another_script_comes_out_as_it_went_in() -> None:
    subject = "Konser Musim Semi: 春の音楽会 🎻"
    assert parsed(composed(Wording(subject=subject, text="x\n", html="x")))["Subject"] == subject


def test_a_header_with_a_line_end_is_refused_rather_than_sent() -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        composed(Wording(subject="a\nBcc: victim@example.com", text="x\n", html="x"))
    with pytest.raises(ValueError, match="CR or LF"):
        composed(PLAIN, recipient="ada@example.com\r\nBcc: victim@example.com")


def test_all_of_a_mail_is_ascii_in_short_lines() -> None:
    said = Wording(subject="é", text="é" * 2_000 + "\n", html="<p>" + "é" * 2_000 + "</p>")
    content = composed(said).content
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_the_date_and_the_id_are_the_same_each_time() -> None:
    first, second = parsed(composed(PLAIN)), parsed(composed(PLAIN))
    assert (first["Message-ID"], first["Date"]) == (second["Message-ID"], second["Date"])
    assert first["Message-ID"] == "<R1.expired@hall.test>"
    assert first["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"


def test_a_recipient_with_letters_that_are_not_ascii_needs_a_server_that_takes_them() -> None:
    letter = composed(PLAIN, recipient="ädä@example.com")
    assert letter.needs_utf8
    assert parsed(letter)["To"] == "ädä@example.com"
    assert not composed(PLAIN).needs_utf8


def test_a_file_arrives_byte_for_byte() -> None:
    content = b"BEGIN:VCALENDAR\r\nSUMMARY:\xc3\xa9\r\nEND:VCALENDAR\r\n"
    file = Attachment(name="event-ev.ics", content=content, main_type="text", sub_type="calendar")
    [attached] = parsed(composed(PLAIN, files=[file])).iter_attachments()
    assert attached.get_payload(decode=True) == content


def test_a_calendar_entry_says_how_its_letters_are_written() -> None:
    content = "SUMMARY:Café 春\r\n"
    file = Attachment(name="event-ev.ics", content=content.encode(), main_type="text", sub_type="calendar")
    [attached] = parsed(composed(PLAIN, files=[file])).iter_attachments()
    assert attached.get_param("charset") == "utf-8"
    assert attached.get_content() == content


def test_a_file_that_is_no_text_has_no_charset() -> None:
    file = Attachment(name="tickets.pdf", content=b"%PDF", main_type="application", sub_type="pdf")
    [attached] = parsed(composed(PLAIN, files=[file])).iter_attachments()
    assert attached.get_param("charset") is None


def test_a_deployments_template_is_taken_rather_than_ours_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "expired.txt.jinja").write_text("Too late for {{ event.title }}\n\nSorry.")
    templates = Templates("en", tmp_path)
    said = templates.wording(MailKind.EXPIRED, FACTS)
    assert (said.subject, said.text) == ("Too late for Spring Concert", "Sorry.\n")
    assert said.html == Templates("en").wording(MailKind.EXPIRED, FACTS).html
    assert templates.wording(MailKind.CANCELLED, FACTS) == Templates("en").wording(MailKind.CANCELLED, FACTS)


def test_a_deployments_layout_stands_around_our_mails(tmp_path: Path) -> None:
    (tmp_path / "layout.html.jinja").write_text("<b>HALL</b>{% block content %}{% endblock %}")
    assert Templates("en", tmp_path).wording(MailKind.EXPIRED, FACTS).html.startswith("<b>HALL</b>")


def test_the_names_of_people_are_in_no_repr() -> None:
    file = Attachment(name="a", content=b"ada", main_type="text", sub_type="plain")
    assert "ada" not in repr(composed(PLAIN, files=[file])) + repr(file)


def test_the_default_settings_have_no_secret_in_their_repr() -> None:
    assert "hunter2" not in repr(MailSettings.model_validate({"password": "hunter2"}))
