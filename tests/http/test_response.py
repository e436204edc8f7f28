"""What an unsuccessful answer is called, and what a certificate that cannot be verified asks of its reader."""

from __future__ import annotations

import ssl
from unittest.mock import Mock

import aiohttp
import pytest

from meltingspot_async import RawResponse
from meltingspot_async._http.failures import failure_of
from meltingspot_async._http.response import api_error


@pytest.mark.parametrize(("status", "is_redirect"), [(299, False), (300, True), (399, True), (400, False)])
def test_redirects_are_named_and_others_speak_for_themselves(status: int, is_redirect: bool) -> None:
    """An error of 3xx asks about base_url; that of any other status has the service's own words."""
    response = RawResponse(status, {}, b'{"message": "limit is odd"}', "/v1/courses")
    error = api_error("/v1/courses", response, "", attempt=1, retry_after=None, pause=None)
    assert ("redirect" in str(error), "limit is odd" in str(error)) == (is_redirect, not is_redirect)


@pytest.mark.parametrize(
    ("codes", "advice"), [((62, 63, 64), "base_url"), ((9, 10, 11, 12), "clock"), ((18, 19, 20, 21), "CA")]
)
def test_advice_about_a_certificate_fits_what_is_wrong_with_it(codes: tuple[int, ...], advice: str) -> None:
    """OpenSSL's codes for names, dates and chains (X509_V_ERR in x509_vfy.h) lead to advice about just that."""
    for code in codes:
        refused = ssl.SSLCertVerificationError(1, "x")
        refused.verify_code, refused.verify_message = code, "x"
        failure = failure_of(aiohttp.ClientConnectorCertificateError(Mock(host="h", port=443), refused))
        assert failure.lasting
        assert advice in (failure.remedy or "")
