"""Where a webhook may go."""

from ipaddress import ip_address

import pytest

from actor_ticketing.domain.destinations import is_public, problem_of_url

NOT_OURS_TO_REACH = [
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "224.0.1.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "172.32.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::",
]


@pytest.mark.parametrize("address", NOT_OURS_TO_REACH)
def test_an_address_that_is_not_the_internets_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_one_that_is_is(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example",
        "https://hooks.example/",
        "https://hooks.example:443/a/b?c=d&e=%20",
        "https://hooks.example:8443/in",
        "https://1.1.1.1/in",
        "https://[2606:4700::1111]:8443/in",
        "https://xn--bcher-kva.example/",
        "https://1password.example/",
    ],
)
def test_a_plain_https_address_is_good(url: str) -> None:
    assert problem_of_url(url, allow_private=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "//hooks.example/",
        "https://",
        "https:///in",
        "https:hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "unix:///run/socket",
        "https://user@hooks.example/",
        "https://user:password@hooks.example/",
        "https://hooks.example@127.0.0.1/",
        "https://hooks.example/#part",
        "https://hooks.example\\@127.0.0.1/",
        "https://hooks.example /",
        "https://hooks.example/a b",
        "https://hooks.example/\n",
        "https://hooks.example\r\nHost: x/",
        "https://bücher.example/",
        "https://%6c%6fcalhost/",
        "https://hooks.example:0/",
        "https://hooks.example:65536/",
        "https://hooks.example:x/",
        "https://[::1/",
        "https://[1.1.1.1]/",
        "https://[fe80::1%25eth0]/",
        "https://hooks.example/" + "a" * 2_000,
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_what_is_no_such_address_is_refused_whatever_is_allowed(url: str, *, allow_private: bool) -> None:
    assert problem_of_url(url, allow_private=allow_private) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://hooks.example:22/",
        "https://hooks.example:25/",
        "https://hooks.example:80/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0X7F.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://a.b.0x/",
        "https://1.1.1.1.1/",
        *(f"https://{each}/" for each in NOT_OURS_TO_REACH if ":" not in each),
        *(f"https://[{each}]/" for each in NOT_OURS_TO_REACH if ":" in each and "%" not in each),
    ],
)
def test_our_own_network_is_refused_however_it_is_spelled_unless_it_is_allowed(url: str) -> None:
    assert problem_of_url(url, allow_private=False) is not None
    assert problem_of_url(url, allow_private=True) is None
