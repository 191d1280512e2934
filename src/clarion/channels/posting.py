"""Hand one message over by an HTTP request, so that every way in which that may fail becomes an outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from clarion.engine.outcomes import Deferred, Outcome, Reason, Scope, Unknown

#: Octets of an answer that are read; what follows says nothing more.
MAX_ANSWER = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Poster:
    """A pool of connections that is opened on first use."""

    def __init__(self, *, connections: int, connect_timeout: float, response_timeout: float) -> None:
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=connect_timeout, sock_read=response_timeout
        )
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        hand_over: Callable[[], None],
        *,
        unreachable: Scope = Scope.PROVIDER,
    ) -> Answer | Outcome:
        """Return the answer, or what became of the message without one. Withdrawn passes through."""
        hand_over()
        try:
            async with self._opened().post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                octets = await response.content.read(MAX_ANSWER)
                while not response.content.at_eof() and len(octets) < MAX_ANSWER:
                    octets += await response.content.read(MAX_ANSWER - len(octets))
                return Answer(response.status, response.headers, octets)
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            return Deferred(reason=Reason.TLS_FAILED, scope=unreachable)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Deferred(reason=Reason.CONNECTION_FAILED, scope=unreachable, detail=type(error).__name__)
        except TimeoutError:
            return Unknown(reason=Reason.TIMED_OUT)
        except (aiohttp.ClientError, OSError) as error:
            return Unknown(reason=Reason.CONNECTION_LOST, detail=type(error).__name__)

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session
