from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """What the server refused, or why it could not be asked. `str(error)` is a sentence for people.

    `status` is None where there was no answer at all (code `unreachable`). `fields` names what is wrong with which
    parameter; `data` is whatever else the answer held, such as the `asset` of a `duplicate`.
    """

    def __init__(
        self,
        sentence: str,
        *,
        code: str = "error",
        status: int | None = None,
        fields: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.status = status
        self.fields = dict(fields or {})
        self.data = dict(data or {})
        self.retry_after = retry_after

    def __repr__(self) -> str:
        return f"ApiError({self.sentence!r}, code={self.code!r}, status={self.status})"
