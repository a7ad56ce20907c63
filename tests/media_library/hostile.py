"""Names that somebody may send, all of which may be stored and must be shown as text."""

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202egnp.exe",
    "\U0001f5bc\ufe0f caf\u00e9",
    "{{ 7*7 }}",
]
