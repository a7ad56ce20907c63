"""What search has to say on every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from search.notices import Notice, model_notice, recall_notice

DISMISSED = "model_notice_dismissed"


def notices(request: HttpRequest) -> dict[str, Any]:
    """`model_notice`: which model answers, where that needs saying; `notice_dismissed`: not as a banner any more;
    `staff_notices`: what administrators have to see to."""
    return {
        "staff_notices": SimpleLazyObject(lambda: staff_notices(request)),
        "model_notice": SimpleLazyObject(model_notice),
        "notice_dismissed": SimpleLazyObject(lambda: request.session.get(DISMISSED, False)),
    }


def staff_notices(request: HttpRequest) -> list[Notice]:
    if not request.user.is_staff:
        return []
    return [notice for notice in (recall_notice(),) if notice]
