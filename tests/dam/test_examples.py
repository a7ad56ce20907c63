"""Every operation says what it does, and shows a request and an answer that its own schemas accept."""

from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Operation = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(schema: dict[str, Any]) -> list[Operation]:
    found = [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(found) > 45
    return found


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(which, content) of what is sent and of all that is answered."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", content
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            yield f"answer {status}", content


def examples(content: dict[str, Any]) -> list[Any]:
    given = [example["value"] for example in content.get("examples", {}).values()]
    return given + ([content["example"]] if "example" in content else [])


def test_every_example_is_one_that_its_schema_accepts(schema: dict[str, Any], operations: list[Operation]) -> None:
    registry: Any = Registry().with_resource("urn:api", Resource(contents=schema, specification=DRAFT202012))
    wrong = []
    for name, operation in operations:
        for which, content in contents(operation):
            assert examples(content), (name, which)
            validator = Draft202012Validator(absolute(content["schema"]), registry=registry)
            problems = [error.message for example in examples(content) for error in validator.iter_errors(example)]
            wrong += [(name, which, *problems)] if problems else []
    assert wrong == []


def absolute(part: Any) -> Any:
    """With references that name the document."""
    if isinstance(part, dict):
        return {name: f"urn:api{value}" if name == "$ref" else absolute(value) for name, value in part.items()}
    return [absolute(item) for item in part] if isinstance(part, list) else part


def test_every_parameter_of_a_path_has_an_example(operations: list[Operation]) -> None:
    for name, operation in operations:
        for parameter in operation.get("parameters", []):
            assert parameter["in"] != "path" or "example" in parameter, (name, parameter["name"])


def test_every_operation_says_in_a_sentence_what_it_does(operations: list[Operation]) -> None:
    for name, operation in operations:
        assert 10 <= len(operation["summary"]) <= 120, (name, operation["summary"])
        assert len(operation["tags"]) == 1, name


def test_names_of_operations_are_short_and_their_own(operations: list[Operation]) -> None:
    names = [operation["operationId"] for _name, operation in operations]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 40, sorted(names, key=len)[-3:]


def test_every_operation_says_how_it_fails(operations: list[Operation]) -> None:
    for name, operation in operations:
        if name.partition(" ")[2] in {"/api/schema/"}:
            continue
        failures = {status for status in operation["responses"] if status >= "400"}
        assert failures >= {"400"}, name
        if {} not in operation.get("security", [{}]):
            assert failures >= {"401", "403", "429"}, name
        if "{" in name:
            assert "404" in failures, name
        if "requestBody" in operation and operation["tags"] != ["visual layer"]:
            assert failures >= {"413", "415"}, name
