"""What `dam doctor` would say, as far as it is quick to find out: without asking workers, and without reading files of
the store or of models."""

from dam import doctor
from dam.doctor import Finding, State, database, files, settings, workers, working
from dam.doctor import models as of_models

QUICK = {"pgvector", "indexes", "connections", "clock", "redis", "beat", "disk space", "files and rows"}
QUICK |= {"vector index", "stuck", *(check.name for check in settings.CHECKS)}


def attention() -> list[Finding]:
    """What has to be mended first."""
    parts = (settings, database, workers, files, of_models, working)
    checks = [check for part in parts for check in part.CHECKS if check.name in QUICK]
    found = [finding for check in checks for finding in doctor.findings(check) if finding.state != State.OK]
    return sorted(found, key=lambda finding: finding.state != State.PROBLEM)
