"""Proxies and certificates of companies: a real forward proxy, with TLS, on loopback."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from meltingspot_async import AttemptStarted, Event, MeltingSpotClient, TransportError, UsageError
from meltingspot_async._environment import proxy_from_env
from meltingspot_async.testing import FakeMeltingSpot

from ..support.tls import HOST, Proxy, in_tls, trusting

URL = f"https://{HOST}"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxies of whoever runs the tests do not reach them."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the certificate of the tests."""
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting())


@asynccontextmanager
async def company(
    certificate: str = "certificate.pem", refuses_with: int | None = None
) -> AsyncGenerator[tuple[FakeMeltingSpot, Proxy], None]:
    """A fake service behind TLS, and a proxy through which alone it can be reached by its name."""
    async with FakeMeltingSpot() as fake, in_tls(fake.base_url, certificate) as port:
        fake.seed("c", 2)
        async with Proxy(port, refuses_with).running() as proxy:
            yield fake, proxy


async def attempted(client: MeltingSpotClient) -> TransportError:
    """The error that a call ends with."""
    with pytest.raises(TransportError) as error:
        await client.course_participants.get("c", "participant-0")
    assert error.value.__context__ is None
    return error.value


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_proxy_of_the_environment_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY leads a client and its from_env() through the proxy, which sees neither key nor path."""
    async with company() as (fake, proxy):
        monkeypatch.setenv(name, proxy.url.removeprefix("http://") if name == "https_proxy" else proxy.url)
        monkeypatch.setenv("MELTINGSPOT_API_KEY", fake.api_key)
        monkeypatch.setenv("MELTINGSPOT_BASE_URL", URL)
        for client in (MeltingSpotClient(fake.api_key, base_url=URL), MeltingSpotClient.from_env()):
            async with client:
                assert (await client.course_participants.get("c", "participant-0")).id == "participant-0"
        assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"] * 2
        assert [request.headers["Authorization"] for request in fake.received] == [fake.api_key] * 2


@pytest.mark.usefixtures("trusted")
async def test_credentials_of_a_proxy_are_sent_to_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """User and password in HTTPS_PROXY reach the proxy, and no error."""
    async with company() as (fake, proxy):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://user:password@"))
        async with MeltingSpotClient(fake.api_key, base_url=URL) as client:
            await client.course_participants.get("c", "participant-0")
            proxy.refuses_with = 407
        async with MeltingSpotClient(fake.api_key, base_url=URL) as client:
            assert "password" not in str(await attempted(client))
        assert proxy.credentials == ["Basic dXNlcjpwYXNzd29yZA=="] * 2


@pytest.mark.parametrize("trust_env", [True, False])
async def test_proxy_can_be_left_out(trust_env: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host in NO_PROXY is reached directly, and with trust_env=False every host is."""
    async with company() as (fake, proxy):
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        if trust_env:
            monkeypatch.setenv("NO_PROXY", "other.example,127.0.0.1")
        async with MeltingSpotClient(fake.api_key, base_url=fake.base_url, trust_env=trust_env) as client:
            await client.course_participants.get("c", "participant-0")
        assert not proxy.asked


@pytest.mark.parametrize("base_url", [URL, "http://127.0.0.1:9"])
async def test_proxy_of_another_kind_is_refused(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy in the environment is a UsageError that says how to go on."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    with pytest.raises(UsageError, match="SOCKS, are not supported"):
        MeltingSpotClient("k", base_url=base_url)
    await MeltingSpotClient("k", base_url=base_url, trust_env=False).aclose()


@pytest.mark.parametrize(
    "address",
    [
        *("http://", "http://user:secret@", "http://user:secret@p.example:99999", "http://p.example:port"),
        *("http://[::1", "http://p..example:1", "http://p.example:0", "ftp://user:secret@p.example"),
    ],
)
def test_impossible_proxy_is_refused_at_once(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that cannot name a proxy is a UsageError of the client, which does not repeat its password."""
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(UsageError, match="HTTPS_PROXY or ALL_PROXY") as refused:
        MeltingSpotClient("k", base_url=URL)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("excluded", "base_url", "is_excluded"),
    [
        ("a.example, service.example", "https://service.example", True),
        ("SERVICE.example", "https://service.example/path", True),
        (".example", "https://service.example", True),
        ("*.example", "https://service.example", True),
        ("*", "https://service.example", True),
        ("service.example:443", "https://service.example", True),
        ("service.example:8443", "https://service.example:8443", True),
        ("service.example:8443", "https://service.example", False),
        ("vice.example", "https://service.example", False),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("10.0.0.0/8", "https://service.example", False),
        ("::1", "https://[::1]:8443", True),
        ("[::1]", "https://[::1]", True),
        ("", "https://service.example", False),
    ],
)
def test_no_proxy_is_read_as_other_programs_read_it(
    excluded: str, base_url: str, is_excluded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY names hosts, domains, networks and ports, with or without a star."""
    monkeypatch.setenv("HTTPS_PROXY", "p.example:3128")
    monkeypatch.setenv("NO_PROXY", excluded)
    assert proxy_from_env(base_url) == (None if is_excluded else "http://p.example:3128")


@pytest.mark.parametrize(("status", "attempts"), [(403, 1), (407, 1), (502, 5)])
async def test_proxy_that_refuses_is_named(
    status: int, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that refuses is said to, once; one in trouble is tried again. Neither counts as a request."""
    async with company(refuses_with=status) as (fake, proxy):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with MeltingSpotClient(fake.api_key, base_url=URL) as client:
            error = await attempted(client)
        assert f"the proxy refused to connect to the service (status {status}). Check HTTPS_PROXY" in str(
            error
        )
        assert (error.sent, len(proxy.asked)) == (False, attempts)


async def test_proxy_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is away is not taken for the service."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    async with MeltingSpotClient("k", base_url=URL) as client:
        error = await attempted(client)
    assert error.reason.startswith("the proxy cannot be reached")
    assert not error.sent


@pytest.mark.parametrize(
    ("certificate", "host", "trusts", "said"),
    [
        ("certificate.pem", HOST, None, "SSL_CERT_FILE"),
        ("certificate.pem", "other.example", "certificate.pem", "other.example"),
        ("expired.pem", HOST, "expired.pem", "clock"),
    ],
)
async def test_bad_certificate_is_not_tried_again(
    certificate: str, host: str, trusts: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of an unknown CA, for another name, or out of date, is named, after one attempt."""
    context = trusting(trusts) if trusts else ssl.create_default_context()
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", context)
    seen: list[Event] = []
    async with company(certificate) as (fake, proxy):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with MeltingSpotClient(
            fake.api_key, base_url=f"https://{host}", on_event=seen.append
        ) as client:
            error = await attempted(client)
        assert f"the certificate of {host} cannot be verified" in str(error)
        assert said in str(error)
        assert (error.lasting, error.sent) == (True, False)
        assert not fake.received
    assert sum(isinstance(event, AttemptStarted) for event in seen) == 1


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("headers", [{}, {"X-Team": "a"}])
async def test_netrc_never_replaces_the_key(
    headers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own session never reads netrc, and one given with trust_env, which does, keeps the key."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with company() as (fake, proxy):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with (
            aiohttp.ClientSession(trust_env=True, headers=headers) as session,
            MeltingSpotClient(fake.api_key, base_url=URL, session=session) as given,
            MeltingSpotClient(fake.api_key, base_url=URL) as own,
        ):
            for client in (given, own):
                await client.course_participants.get("c", "participant-0")
        assert [request.headers["Authorization"] for request in fake.received] == [fake.api_key] * 2
        assert len(proxy.credentials) == 1  # of the session given


async def test_session_with_a_company_ca_reaches_the_service() -> None:
    """A session given with an SSL context of its own, and a proxy of its own, is used as it is."""
    async with company() as (fake, proxy):
        connector = aiohttp.TCPConnector(ssl=trusting())
        async with (
            aiohttp.ClientSession(connector=connector, proxy=proxy.url) as session,
            MeltingSpotClient(fake.api_key, base_url=URL, session=session) as client,
        ):
            await client.course_participants.get("c", "participant-0")
        assert len(fake.received) == len(proxy.asked) == 1
