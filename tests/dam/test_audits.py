"""An audit that could not ask says so: nothing known and nothing asked are not the same."""

from typing import Any

import pytest

from audits import packages


def told(monkeypatch: pytest.MonkeyPatch, **services: list[dict[str, Any]]) -> int:
    monkeypatch.setattr(packages, "ask", lambda service: services.get(service, []))
    return packages.audit()


def test_where_no_service_answers_nothing_was_checked(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    skipped = [{"name": "django", "skip_reason": "Dependency not found on PyPI and could not be audited"}]
    assert told(monkeypatch, pypi=skipped) == 2
    assert "NOT CHECKED" in capsys.readouterr().out


def test_the_second_service_is_asked_where_the_first_is_away(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    clean = [{"name": "django", "version": "5", "vulns": []}, {"name": "dam", "skip_reason": "editable"}]
    assert told(monkeypatch, osv=clean) == 0
    assert "osv: 1 packages checked, 0 advisories, 0 packages not checked." in capsys.readouterr().out


def test_an_advisory_fails_and_names_what_mends_it(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    bad = {"name": "x", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    assert told(monkeypatch, pypi=[bad, {"name": "y", "skip_reason": "of a local version"}]) == 1
    out = capsys.readouterr().out
    assert "x 1: CVE-1; mended by 2." in out and "not checked: y: of a local version" in out
