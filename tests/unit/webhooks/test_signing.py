"""The signature is that of Standard Webhooks, so that its libraries verify it."""

import pytest

from clarion.webhooks import signing

#: The worked example of the specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_is_the_one_that_the_specification_works_out() -> None:
    assert signing.signature(SECRET, id=ID, timestamp=TIMESTAMP, body=BODY) == SIGNATURE


def test_two_secrets_sign_side_by_side_and_anything_else_differs() -> None:
    other = signing.new_secret()
    signed = signing.headers([other, SECRET], id=ID, timestamp=TIMESTAMP, body=BODY)

    first, second = signed["webhook-signature"].split(" ")
    assert second == SIGNATURE != first
    for changed in ({"id": "x"}, {"timestamp": TIMESTAMP + 1}, {"body": BODY + b" "}):
        assert (
            signing.signature(SECRET, **({"id": ID, "timestamp": TIMESTAMP, "body": BODY} | changed))
            != SIGNATURE
        )


def test_what_is_no_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="not a secret"):
        signing.signature("whsec_?", id=ID, timestamp=TIMESTAMP, body=BODY)
