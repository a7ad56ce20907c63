"""Python with Django set up, for `Stack.django`: to start it takes three seconds of processor time, to ask it nothing.

Each line of its input is JSON, some code; each of its output is JSON, [what that printed, what went wrong].
"""

import contextlib
import io
import json
import sys
import traceback

import django
from django.db import connections

if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        printed, failure = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(printed):
                exec(json.loads(line), {})  # noqa: S102  code of the tests
        except Exception:  # noqa: BLE001  whoever asked is told
            failure = traceback.format_exc()
        finally:
            connections.close_all()
        sys.stdout.write(json.dumps([printed.getvalue(), failure]) + "\n")
        sys.stdout.flush()
