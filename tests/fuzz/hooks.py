"""What schemathesis is told about this server: the things that there are.

A schema says that a folder is a UUID, not which folders there are. So that requests get further than 404, valid ids are
replaced by those of things that the test has made, as `FUZZ_THINGS` lists them by the name of the parameter. What is
invalid on purpose stays as it is.
"""

import base64
import json
import os
import random
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

THINGS: dict[str, list[str]] = json.loads(os.environ["FUZZ_THINGS"])
PICTURE = base64.b64decode(os.environ["FUZZ_PICTURE"])
# Signed by the server: no generated text is valid, and none is invalid that the schema could tell.
SIGNED = {"cursor", "export_task_id"}
chosen = random.Random(7)  # noqa: S311  repeatable


def thing(name: str, method: str) -> str | None:
    """One that there is; of those that are deleted each once."""
    pool = THINGS.get(name, [])
    if method == "DELETE" and len(pool) > 1:
        return pool.pop()
    return chosen.choice(pool[:3]) if pool else None


def is_valid(case: Any, location: ParameterLocation) -> bool:
    component = case.meta.components.get(location) if case.meta else None
    return component is None or component.mode.is_positive


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    if is_valid(case, ParameterLocation.PATH):
        for name in case.path_parameters or {}:
            if (known := thing(name, case.method)) is not None:
                case.path_parameters[name] = known
    if case.query:
        for name in [name for name in case.query if name in SIGNED | {"folder"}]:
            known = thing(name, "GET")
            if is_valid(case, ParameterLocation.QUERY):
                if known is None:
                    del case.query[name]
                else:
                    case.query[name] = known
