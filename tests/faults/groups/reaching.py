"""The way to the service: addresses, TLS, certificates."""

from __future__ import annotations

from meltingspot_async import RequestTimeoutError, TransportError

from ..fault import Door, Fault, Outcome, final, transient


def certificate(says: str) -> Outcome:
    return final(TransportError, f"cannot be verified ({says}")


REACHING = (
    Fault("nothing listens on the port", transient(TransportError, "Cannot connect"), door=Door.SHUT),
    Fault("no address for the name (DNS)", transient(TransportError, "no address"), door=Door.NAMELESS),
    Fault("connection closed before TLS", transient(TransportError), door=Door.CLOSING),
    Fault("connection reset before TLS", transient(TransportError), door=Door.RESETTING),
    Fault("silence before TLS", transient(RequestTimeoutError), door=Door.SILENT),
    Fault("plain HTTP on the TLS port", transient(TransportError, "does TLS"), door=Door.PLAIN),
    Fault("certificate for another name", certificate("IP address mismatch"), door=Door.OTHER_NAME),
    Fault("certificate out of date", certificate("certificate has expired"), door=Door.EXPIRED),
    Fault("certificate not valid yet", certificate("certificate is not yet valid"), door=Door.EARLY),
    Fault("certificate of an unknown CA", certificate("self-signed certificate"), door=Door.UNKNOWN_CA),
    Fault("a certificate of the client is wanted", transient(TransportError), door=Door.MUTUAL),
)
