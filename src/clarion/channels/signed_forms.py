"""Calls of Twilio, and of what is shaped like it: forms that it signs.

https://www.twilio.com/docs/usage/security#validating-requests: HMAC-SHA1, with the auth token, of the address that
was called and every field of the form in the order of their names.
"""

from clarion.channels.base import HookRefused, HookRequest, HookUnreadable
from clarion.lib import forms, signatures

#: Fields of a call that are looked at.
MAX_FIELDS = 200


def read(request: HookRequest, *, key: str) -> dict[str, str]:
    """Return the form's fields. Raises HookUnreadable for what is no form, HookRefused for what is not signed."""
    try:
        fields = forms.pairs(request.body.decode("ascii"), most=MAX_FIELDS)
    except ValueError:
        raise HookUnreadable("not a form") from None
    message = request.url + "".join(name + value for name, value in sorted(set(fields)))
    given = request.headers.get("x-twilio-signature", "")
    if not signatures.base64_matches(given, key=key, message=message.encode()):
        raise HookRefused("the signature does not fit")
    return dict(fields)


def query(request: HookRequest) -> dict[str, str]:
    """Return what stands in the address, which the signature covers; nothing where it cannot be read."""
    try:
        return dict(forms.pairs(request.query, most=MAX_FIELDS))
    except ValueError:
        return {}
