"""The way to the mail server (RFC 5321)."""

import re
import socket
from contextlib import suppress

import aiosmtplib

from actor_ticketing.config.sections import MailSettings
from actor_ticketing.domain.telling import told
from actor_ticketing.notifications.letters import Letter

QUIT_SECONDS = 2
"""How long a server may take to say goodbye."""

LETTERS_PER_CONNECTION = 50
"""Many servers take only so many letters over one connection, and call the next one an error."""

# RFC 3463. The rest of what a server says may name the recipient.
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
# RFC 4954: the server wants us to sign in, or does not know us. No letter is to blame.
_CREDENTIALS = {454, 530, 534, 535, 538}
_TOO_LARGE = 552


class ServerTrouble(Exception):
    """The server cannot be reached, or takes nothing of us. The message says why, and names nobody."""


class NotTaken(Exception):
    """The server did not take one letter. The message says why, and names nobody.

    :ivar for_good: whether it is in vain to try again.
    """

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Carrier:
    """Carries letters to the configured server, one at a time. It stays connected until it is closed, or has carried as
    many as a server is sure to take.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None
        self._carried = 0

    async def connect(self) -> aiosmtplib.SMTP:
        """Connect, unless it is done; it tells whether the server is there before anything is composed.

        :raises ServerTrouble: when it is not.
        """
        if self._carried >= LETTERS_PER_CONNECTION:
            await self.close()
        if self._client is None:
            self._client = await self._connected()
        return self._client

    async def deliver(self, letter: Letter) -> None:
        """Return when the server has taken it.

        :raises ServerTrouble, NotTaken: when it has not, or nobody knows.
        """
        client = await self.connect()
        if letter.needs_utf8 and not client.supports_extension("smtputf8"):
            raise NotTaken("the server takes no address that is not ASCII", for_good=True)
        options = ["SMTPUTF8"] if letter.needs_utf8 else []
        self._carried += 1
        try:
            await client.sendmail(letter.sender, [letter.recipient], letter.content, mail_options=options)
        except BaseException as error:
            # What the server makes of the next command is anybody's guess.
            self.hang_up()
            if isinstance(error, aiosmtplib.SMTPException | OSError | UnicodeError):
                raise _explained(error) from None
            raise

    async def close(self) -> None:
        """Say goodbye, if there is anybody."""
        if self._client is not None:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=QUIT_SECONDS)
            self.hang_up()

    async def _connected(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=None if settings.password is None else settings.password.get_secret_value(),
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            timeout=settings.timeout_seconds,
            # Its own way to find that out may ask a name server, and stand still meanwhile.
            local_hostname=socket.gethostname(),
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:  # It has said it already, if there was a password or TLS.
                await client.ehlo()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise ServerTrouble(_reason(error)) from None
        except BaseException:
            client.close()
            raise
        return client

    def hang_up(self) -> None:
        """End the connection at once, if there is one."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._carried = 0


def _explained(error: Exception) -> ServerTrouble | NotTaken:
    reason = _reason(error)
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        [error] = error.recipients
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        # A letter in an encoding that is none will not get better; a connection that was lost may.
        return NotTaken(reason, for_good=isinstance(error, UnicodeError | aiosmtplib.SMTPNotSupported))
    # All letters have the same sender.
    concerns_all = isinstance(error, aiosmtplib.SMTPSenderRefused) and error.code != _TOO_LARGE
    if error.code in _CREDENTIALS or concerns_all:
        return ServerTrouble(reason)
    return NotTaken(reason, for_good=error.code >= 500)


def _reason(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        [error] = error.recipients
    if isinstance(error, aiosmtplib.SMTPResponseException):
        enhanced = _ENHANCED.match(str(error.message))
        what = type(error).__name__.removeprefix("SMTP")
        return f"{what}: the server said {error.code}{f' {enhanced[0]}' if enhanced else ''}"
    # The library's own exceptions are the system's in part, but have the server's words in them.
    return type(error).__name__ if isinstance(error, aiosmtplib.SMTPException) else told(error)
