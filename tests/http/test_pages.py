"""The storefront's files as they are served."""

import gzip
import json
import re
from importlib.resources import files

import pytest

from actor_ticketing.http.context import Doors
from support.web import Api, failure_of

WEB = files("actor_ticketing") / "web"
PAGES = ["/", "/events/ev", "/checkout", "/tickets/01ABC", "/reservations", "/sign-in"]
DESK = ["/admin", "/admin/sales", "/admin/catalogue", "/admin/catalogue/ev", "/admin/lookup", "/admin/door"]
PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize(
    ("path", "document"),
    [*((path, "index.html") for path in PAGES), *((path, "desk/index.html") for path in DESK)],
)
async def test_every_address_of_a_page_answers_the_same_document(api: Api, path: str, document: str) -> None:
    response = await api.send("GET", path, headers=PLAIN)
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert await response.read() == (WEB / document).read_bytes()


@pytest.mark.parametrize("path", ["/", "/admin"])
async def test_a_page_may_load_what_we_deliver_and_call_us_and_nothing_else(api: Api, path: str) -> None:
    policy = (await api.send("GET", path)).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in policy


async def test_only_the_door_may_look_through_the_camera(api: Api) -> None:
    for path in [*PAGES, *DESK, "/static/app.js"]:
        policy = (await api.send("GET", path)).headers["Permissions-Policy"]
        camera = "camera=(self)" if path == "/admin/door" else "camera=()"
        assert policy == f"{camera}, microphone=(), geolocation=()"


async def test_an_answer_of_the_api_may_load_nothing_still(api: Api) -> None:
    policy = (await api.send("GET", "/api/public/events")).headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("pages/checkout.js", "text/javascript; charset=utf-8"),
        ("styles.css", "text/css; charset=utf-8"),
        ("messages/id.json", "application/json; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("fonts/archivo.woff2", "font/woff2"),
        ("app.webmanifest", "application/manifest+json"),
    ],
)
async def test_files_come_as_what_they_are(api: Api, path: str, content_type: str) -> None:
    response = await api.send("GET", f"/static/{path}", headers=PLAIN)
    assert response.status == 200
    assert response.headers["Content-Type"] == content_type
    assert await response.read() == (WEB / path).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/static/nothing.js",
        "/static/index.html",
        "/static/desk/index.html",
        "/static/docs/index.html",
        "/static/vendor/swagger-ui/swagger-ui-bundle.js.gz",
        "/static/vendor/LICENSE-htm",
        "/static/../http/pages.py",
        "/static/..%2Fhttp%2Fpages.py",
        "/static/vendor/../app.js",
        "/static//app.js",
        "/static/app.js/",
    ],
)
async def test_what_is_not_in_the_table_is_not_there(api: Api, path: str) -> None:
    answer = await api.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b'"code":"route_not_found"' in answer


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/static/fonts/archivo.woff2"])
async def test_what_a_browser_has_is_not_sent_again(api: Api, path: str) -> None:
    first = await api.send("GET", path)
    assert first.headers["Cache-Control"] == "no-cache"
    again = await api.send("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    assert await again.read() == b""
    other = await api.send("GET", path, headers={"If-None-Match": '"another"'})
    assert other.status == 200


async def test_files_are_sent_compressed_to_whom_takes_that(api: Api) -> None:
    request = b"GET /static/app.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    head, _, body = (await api.raw(request)).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert b"Vary: Accept-Encoding" in head
    assert gzip.decompress(body) == (WEB / "app.js").read_bytes()
    plain = await api.send("GET", "/static/app.js", headers=PLAIN)
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"].encode() not in head


async def test_a_file_that_is_kept_packed_is_sent_as_it_is_kept_or_unpacked(api: Api) -> None:
    packed = (WEB / "vendor" / "swagger-ui" / "swagger-ui-bundle.js.gz").read_bytes()
    path = "/static/vendor/swagger-ui/swagger-ui-bundle.js"
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    assert (await api.raw(request.encode())).partition(b"\r\n\r\n")[2] == packed
    plain = await api.send("GET", path, headers=PLAIN)
    assert plain.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert await plain.read() == gzip.decompress(packed)


async def test_the_page_of_the_api_loads_only_what_is_served(api: Api) -> None:
    page = await (await api.send("GET", "/docs")).text()
    named = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(named) >= 5
    for path in named:
        assert (await api.send("GET", path)).status == 200, path


async def test_pages_are_there_before_the_service_is(api: Api) -> None:
    doors: Doors = api.doors
    doors.backend = None
    try:
        assert (await api.send("GET", "/")).status == 200
        assert (await api.send("GET", "/static/app.js")).status == 200
        await failure_of(await api.send("GET", "/api/public/events"), status=503)
    finally:
        doors.backend = api.backend


@pytest.mark.parametrize("document", ["index.html", "desk/index.html"])
async def test_a_document_loads_only_what_is_served(api: Api, document: str) -> None:
    text = (WEB / document).read_text(encoding="utf-8")
    manifest = json.loads((WEB / "app.webmanifest").read_text(encoding="utf-8"))
    named = re.findall(r'(?:src|href)="(/[^"]+)"', text) + [icon["src"] for icon in manifest["icons"]]
    assert len(named) >= 5
    for path in named:
        assert (await api.send("GET", path)).status == 200, path
