"""What every answer tells a browser beside Django's and the content security policy's headers: static files, redirects
and failures too."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

FEATURES = [
    *["accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"],
    *["microphone", "midi", "payment", "usb"],
]
ALWAYS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
# Where no policy was set, nothing but the thing itself is to be used: static files that are opened as pages.
OTHERWISE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Frame-Options": "DENY",
    "Cache-Control": "private, no-cache",
}


class HeadersMiddleware:
    """Outside of what answers by itself (WhiteNoise, refusals of a host)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response[name] = value
        for name, value in OTHERWISE.items():
            response.setdefault(name, value)
        return response
