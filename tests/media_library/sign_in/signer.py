"""A provider of OpenID Connect that says and signs whatever a test wants, on loopback."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

KEY, OTHER = (RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("one", "two"))


class Signer:
    """`metadata`, `claims`, `header`, `userinfo`: what is said beside the usual. `token`: the whole answer instead."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.asked: list[tuple[str, str, dict[str, str]]] = []  # method and path, body, headers
        self.reset()

    def reset(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.userinfo: Any = None
        self.key, self.keys, self.token = KEY, [KEY], None
        self.sign: Callable[[dict[str, Any], dict[str, Any]], str] = self.signed
        self.nonce = ""
        self.status = 200
        self.asked.clear()

    def said(self, path: str) -> Any:
        paths = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
        if path == "/.well-known/openid-configuration":
            endpoints = {name: self.issuer + path for name, path in paths.items()}
            more = {"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo is not None else {}
            return {"issuer": self.issuer, **endpoints, **more, **self.metadata}
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        return self.userinfo if path == "/userinfo" else self.token or self.tokens()

    def tokens(self) -> dict[str, Any]:
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": "library", "sub": "1", "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid} | self.header
        return {"access_token": "secret", "token_type": "Bearer", "id_token": self.sign(header, claims)}

    def signed(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        registry = JWSRegistry(algorithms=[*JWSRegistry.algorithms], strict_check_header=False)
        return jwt.encode({name: value for name, value in header.items() if value}, claims, self.key, registry=registry)

    def begun(self, address: str) -> str:
        """Reads the nonce out of the address that a browser would be sent to. Gives the state."""
        asked = parse_qs(urlsplit(address).query)
        self.nonce = asked["nonce"][0]
        return asked["state"][0]


@contextmanager
def signing() -> Iterator[Signer]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            signer.asked.append((f"{self.command} {self.path}", body, dict(self.headers)))
            said = json.dumps(signer.said(self.path)).encode()
            self.send_response(signer.status)
            if 300 <= signer.status < 400:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = answer

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    signer = Signer(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield signer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
