"""An OpenID Connect provider in a thread: discovery, keys, tokens with signed identity tokens, as told by a test."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT_ID, CLIENT_SECRET = "clarion", "a secret between us"


@dataclass
class Provider:
    """Says who somebody is. `claims` are put into every identity token, over the right ones."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    #: Signs with a key that is not among those it publishes.
    forges: bool = False
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    asked: list[dict[str, str]] = field(default_factory=list)
    #: code -> what was asked with it.
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }  # fmt: skip

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "one", "alg": "ES256", "use": "sig"}]}

    def grant(self, asked: dict[str, str]) -> str:
        """Return where a person who has signed in at the provider is sent."""
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, said: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(said.get("code", ""), None)
        verifier = base64.urlsafe_b64encode(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        is_right = asked is not None and verifier.decode().rstrip("=") == asked["code_challenge"]
        if asked is None or not is_right or said.get("client_secret") != CLIENT_SECRET:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT_ID, "sub": "person-1", "iat": now, "exp": now + 60,
            "nonce": asked["nonce"], "email": "alice@example.test", "email_verified": True, "name": "Alice",
        } | self.claims  # fmt: skip
        key = ec.generate_private_key(ec.SECP256R1()) if self.forges else self.key
        signed = jwt.encode(claims, key, algorithm="ES256", headers={"kid": "one"})
        return 200, {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def provider() -> Iterator[Provider]:
    """One that listens on a port of its own."""
    one = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                one.asked.append(asked)
                self.send_response(302)
                self.send_header("Location", one.grant(asked))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            known = {"/.well-known/openid-configuration": one.discovery, "/keys": one.keys}
            self._say(200, known[parts.path]()) if parts.path in known else self._say(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(*one.token({name: values[0] for name, values in parse_qs(body).items()}))

        def _say(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield one
    server.shutdown()
    server.server_close()
    thread.join()
