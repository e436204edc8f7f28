"""What went wrong on the way to the service and back, and what to do next: aiohttp's errors in our own terms.

aiohttp's exceptions are never kept as a cause or context: they can hold the request's headers, and with them the key.
"""

from __future__ import annotations

import ssl

import aiohttp
import attrs
from aiohttp.http_exceptions import ContentEncodingError, LineTooLong

from .._redaction import redacted

MAX_REASON = 100
"""Characters kept of what the system or OpenSSL says."""

ACCEPTED_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
"""Content encodings that are asked for, and so may come back."""


class InterruptedExchangeError(Exception):
    """A connection broke after the request may have been received. Its text is the name of aiohttp's error."""


class UnknownEncodingError(Exception):
    """The body is encoded in a way that nobody asked for. Its text is the name of the encoding."""


@attrs.frozen
class Failure:
    """Why no complete answer arrived."""

    reason: str
    """What happened."""
    remedy: str | None = None
    """What to do, if more is known than that the network failed."""
    sent: bool = True
    """Whether the service may have received the request."""
    lasting: bool = False
    """Whether trying again cannot help."""


_PROXY = "Check HTTPS_PROXY (or HTTP_PROXY) and its credentials; NO_PROXY names hosts that need no proxy."
_CLOCK = "Check this machine's clock; if it is right, the certificate has to be renewed."
_NAME = "Check base_url, and whether a proxy or a login page answers in the service's place."
_CHAIN = (
    "If a company's proxy signs certificates itself, add its CA to the trusted ones: set SSL_CERT_FILE, or give the "
    "client a session with an SSL context of its own."
)
_ENCODING = "A proxy between has changed the answer: let it pass Accept-Encoding on, or go around it."
_HEADER = "Something between adds large headers, such as cookies: go around it, or give a session with max_field_size."

_UNSENDABLE = "Check the headers, credentials and proxy of the session given, and base_url."

_X509_EXPIRED = {9, 10, 11, 12}
_X509_NAMES = {62, 63, 64}


def failure_of(error: Exception) -> Failure:
    """What an exception of aiohttp, or of the network below it, means."""
    match error:
        case InterruptedExchangeError():
            return Failure(f"the connection failed ({error})")
        case UnknownEncodingError():
            return _unknown_encoding(str(error))
        case aiohttp.ClientResponseError():
            return _bad_answer(error)
        case aiohttp.ClientConnectorError():
            return _no_connection(error)
        case ValueError() | TypeError():
            reason = f"the request could not be sent ({type(error).__name__})"
            return Failure(reason, _UNSENDABLE, sent=False, lasting=True)
        case _:
            return Failure(f"the connection failed ({type(error).__name__})")


def _no_connection(error: aiohttp.ClientConnectorError) -> Failure:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _bad_certificate(error.host, error.certificate_error)
    where = f"{error.host}:{error.port}"
    why = redacted(error.os_error.strerror or "", MAX_REASON) or type(error.os_error).__name__
    match error:
        case aiohttp.ClientProxyConnectionError():
            return Failure(f"the proxy cannot be reached ({why})", _PROXY, sent=False)
        case aiohttp.ClientConnectorDNSError():
            remedy = "Check base_url and HTTPS_PROXY, and that this machine can look names up (DNS); then try again."
            return Failure(f"no address was found for the name {error.host} ({why})", remedy, sent=False)
        case aiohttp.ClientConnectorSSLError():
            remedy = "Check base_url: does TLS (https) begin on that port?"
            return Failure(f"TLS with {where} failed ({why})", remedy, sent=False)
        case _:
            return Failure(f"Cannot connect to {where} ({why})", sent=False)


def _bad_certificate(host: str, error: Exception) -> Failure:
    code, said = None, type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        code, said = error.verify_code, redacted(error.verify_message, MAX_REASON)
    remedy = _NAME if code in _X509_NAMES else _CLOCK if code in _X509_EXPIRED else _CHAIN
    reason = f"the certificate of {host} cannot be verified ({said.rstrip('.')})"
    return Failure(reason, remedy, sent=False, lasting=True)


def _bad_answer(error: aiohttp.ClientResponseError) -> Failure:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        reason = f"the proxy refused to connect to the service (status {error.status})"
        is_lasting = 400 <= error.status < 500 and error.status not in {408, 429}
        return Failure(reason, _PROXY, sent=False, lasting=is_lasting)
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    match cause:
        case LineTooLong():
            return Failure("a header of the answer is longer than 8 kB", _HEADER, lasting=True)
        case ContentEncodingError():
            return _unknown_encoding("something else")
        case _:
            remedy = "Check base_url: does the service, or something else, answer there?"
            return Failure("the answer is not HTTP", remedy)


def _unknown_encoding(name: str) -> Failure:
    return Failure(f"the answer is encoded as {name}, but gzip was asked for", _ENCODING, lasting=True)
