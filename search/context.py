"""What search has to say on every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from search.notices import build_notice, model_notice

DISMISSED = "model_notice_dismissed"


def notices(request: HttpRequest) -> dict[str, Any]:
    """`model_notice`: which model answers, where that needs saying; `notice_dismissed`: not as a banner any more;
    `build_notice`: for administrators, what is being built beside it."""
    return {
        "model_notice": SimpleLazyObject(model_notice),
        "build_notice": SimpleLazyObject(lambda: build_notice(request.user)),
        "notice_dismissed": SimpleLazyObject(lambda: request.session.get(DISMISSED, False)),
    }
