from collections.abc import AsyncIterator

import pytest

from support.mail import MailServer


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.close()
