"""Requests to one server: signed, retried where that is safe, and failures told as ApiError."""

import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

import httpx2

from dam_client.errors import ApiError

API = "/api/v1/"
IDEMPOTENCY_KEY = "Idempotency-Key"
MAX_PAGE = 500
BUSY = {429, 503}  # refused before anything was done
GATEWAY = {502, 504}  # the server behind it may have done it
STILL_RUNNING = "idempotency_still_running"  # this very request, sent before


class Transport:
    """`retries`: how often a request is repeated; `patience`: how many seconds all its waits may take together."""

    def __init__(
        self,
        url: str,
        auth: httpx2.Auth | None = None,
        *,
        timeout: float = 60,
        retries: int = 5,
        patience: float = 90,
    ) -> None:
        self.url = normal(url)
        self.retries = retries
        self.patience = patience
        self.http = httpx2.Client(
            auth=auth,
            timeout=httpx2.Timeout(timeout, connect=10),
            limits=httpx2.Limits(max_connections=32),
            headers={"User-Agent": "dam-client", "Accept": "application/json"},
        )

    def close(self) -> None:
        self.http.close()

    def address(self, path: str) -> str:
        """`path` below `/api/v1/`; below the server's root if it begins with a slash."""
        return f"{self.url}{path if path.startswith('/') else API + path}"

    def request(self, method: str, path: str, *, repeatable: bool | None = None, **options: Any) -> httpx2.Response:
        """The answer, if it is 2xx; raises ApiError for any other.

        `repeatable`: whether sending it twice does no harm. If None, whether its method or an idempotency key says so.
        """
        return self._sent(method, path, repeatable=repeatable, whole=True, **options)

    @contextmanager
    def streamed(
        self, method: str, path: str, *, repeatable: bool | None = None, follow: bool = False, **options: Any
    ) -> Iterator[httpx2.Response]:
        """As `request`, before the body has been read. `follow` redirects, as from files to their store."""
        answer = self._sent(method, path, repeatable=repeatable, follow=follow, **options)
        try:
            yield answer
        except httpx2.RequestError as error:  # while the body was read
            raise unreachable(self.url, error) from error
        finally:
            answer.close()

    def _sent(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool | None = None,
        follow: bool = False,
        whole: bool = False,
        **options: Any,
    ) -> httpx2.Response:
        """`whole`: with its body, so that one that is cut off is asked for again, too."""
        if repeatable is None:
            repeatable = method != "POST" or IDEMPOTENCY_KEY in (options.get("headers") or {})
        patience = self.patience
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                rewind(options.get("files"))
                request = self.http.build_request(method, self.address(path), **options)
                answer = self.http.send(request, stream=True, follow_redirects=follow)
                if whole or not answer.is_success:
                    answer.read()
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                raise ApiError(f"{self.url} is not the address of a server.", code="bad_url") from error
            except httpx2.RequestError as error:
                # One that could not connect has sent nothing.
                never_sent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
                wait = backoff(attempt)
                if last or wait > patience or not (repeatable or never_sent):
                    raise unreachable(self.url, error) from error
            else:
                if answer.is_success:
                    return answer
                failure = read_failure(answer)
                may_repeat = (
                    answer.status_code in BUSY
                    or failure.code == STILL_RUNNING
                    or (answer.status_code in GATEWAY and repeatable)
                )
                wait = backoff(attempt) if failure.retry_after is None else failure.retry_after
                if last or wait > patience or not may_repeat:
                    raise failure
            patience -= wait
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def probe(self, path: str) -> Any:
        """The JSON that one GET answers, whatever its status: what is not ready says so with 503."""
        try:
            return self.http.get(self.address(path)).json()
        except httpx2.RequestError as error:
            raise unreachable(self.url, error) from error
        except (httpx2.InvalidURL, ValueError) as error:
            raise ApiError(f"{self.url} is not the address of a library.", code="bad_url") from error

    def json(self, method: str, path: str, **options: Any) -> Any:
        """The decoded body; None where there is none."""
        answer = self.request(method, path, **options)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise self._no_library() from None

    def page(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The body of a list, which has `results`."""
        body = self.json(method, path, **options)
        if not (isinstance(body, dict) and isinstance(body.get("results"), list)):
            raise self._no_library()
        return body

    def _no_library(self) -> ApiError:
        sentence = f"{self.url} answers, but not as this library does: is it the right address?"
        return ApiError(sentence, code="unexpected_answer")

    def rows(
        self, path: str, params: Mapping[str, Any] | None = None, *, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """The rows of a list, page after page, at most `limit`."""
        wanted = dict(params or {})
        while limit is None or limit > 0:
            body = self.page("GET", path, params=wanted | {"limit": min(MAX_PAGE, limit or MAX_PAGE)})
            rows = body["results"] if limit is None else body["results"][:limit]
            yield from rows
            limit = None if limit is None else limit - len(rows)
            if not body.get("next_cursor"):
                return
            wanted["cursor"] = body["next_cursor"]


def normal(url: str) -> str:
    """Without what people add or leave out: a path to the API, a slash at the end, `http://`."""
    url = url.strip().rstrip("/").removesuffix(API.rstrip("/"))
    return url if "://" in url else f"http://{url}"


def backoff(attempt: int) -> float:
    """Half a second, then twice as long each time, spread so that many programs do not come back together."""
    return 0.5 * 2.0**attempt * random.uniform(0.8, 1.2)  # noqa: S311


def rewind(files: Mapping[str, Any] | None) -> None:
    """The files of a multipart body, so that it can be sent again."""
    for part in (files or {}).values():
        file: BinaryIO = part[1] if isinstance(part, tuple) else part
        file.seek(0)


def unreachable(url: str, error: httpx2.RequestError) -> ApiError:
    late = isinstance(error, httpx2.TimeoutException)
    why = "it does not answer in time" if late else re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or "cut off"
    return ApiError(f"The server {url} cannot be reached: {why}.", code="unreachable")


def read_failure(answer: httpx2.Response) -> ApiError:
    """`{"detail", "code", "fields"?, …}`, or what can be said of an answer that is nothing of the kind; it has been
    read."""
    status = answer.status_code
    if answer.is_redirect:
        place = answer.headers.get("location", "another address")
        return ApiError(f"The server redirects to {place}: use that address.", code="redirected", status=status)
    try:
        body = answer.json()
        sentence = str(body.pop("detail"))
    except (ValueError, KeyError, AttributeError, TypeError):
        sentence, body = f"The server answers {status} {answer.reason_phrase}.", {"code": "unexpected_answer"}
    code, fields = str(body.pop("code", "error")), body.pop("fields", None)
    retry_after = seconds(answer.headers.get("retry-after"))
    fields = fields if isinstance(fields, dict) else {}
    return ApiError(sentence, code=code, status=status, fields=fields, data=body, retry_after=retry_after)


def seconds(header: str | None) -> float | None:
    """`Retry-After`: seconds, or a date (RFC 9110)."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
