"""What search has to say on every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from search.notices import Notice, build_notice, model_notice, recall_notice

DISMISSED = "model_notice_dismissed"


def notices(request: HttpRequest) -> dict[str, Any]:
    """`model_notice`: which model answers, where that needs saying; `notice_dismissed`: not as a banner any more;
    for administrators, `build_notice`: what is being built beside it, and `staff_notices`: what they have to see to."""
    return {
        "staff_notices": SimpleLazyObject(lambda: staff_notices(request)),
        "model_notice": SimpleLazyObject(model_notice),
        "build_notice": SimpleLazyObject(lambda: build_notice(request.user)),
        "notice_dismissed": SimpleLazyObject(lambda: request.session.get(DISMISSED, False)),
    }


def staff_notices(request: HttpRequest) -> list[Notice]:
    if not request.user.is_staff:
        return []
    return [notice for notice in (recall_notice(),) if notice]
