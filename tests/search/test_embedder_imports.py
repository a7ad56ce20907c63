"""What importing the embedders costs, seen in a fresh interpreter."""

import subprocess
import sys


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_embedders_does_not_import_torch() -> None:
    code = "import sys, search.embedders, search.embedders.sources; print('torch' in sys.modules)"
    assert run(code) == "False"


def test_open_clip_can_be_imported_beside_a_torch_without_torchvision_operators() -> None:
    code = "from search.embedders.runtime import open_clip; print(len(open_clip.list_models()) > 50)"
    assert run(code) == "True"


DECLARED = "print(any(name.startswith('torchvision::') for name in torch._C._dispatch_get_all_op_names()))"


def test_a_torchvision_that_imports_is_left_alone() -> None:
    code = f"""
import contextlib, sys, types, torch
sys.modules["torchvision"] = types.ModuleType("torchvision")
with contextlib.suppress(ImportError):
    import search.embedders.runtime
{DECLARED}"""
    assert run(code) == "False"


def test_a_torchvision_that_fails_for_another_reason_is_not_hidden() -> None:
    code = f"""
import sys, torch
class Finder:
    def find_spec(self, name, path, target=None):
        if name == "torchvision":
            raise RuntimeError("another reason")
sys.meta_path.insert(0, Finder())
try:
    import search.embedders.runtime
except RuntimeError as error:
    print(error)
{DECLARED}"""
    assert run(code) == "another reason\nFalse"


def test_steps_of_loading_are_not_logged_but_warnings_are() -> None:
    from logging import INFO, WARNING, LogRecord

    from search.embedders.runtime import _is_worth_logging

    def record(level: int) -> LogRecord:
        return LogRecord("root", level, "/lib/open_clip/factory.py", 1, "Instantiating", (), None)

    assert [_is_worth_logging(record(level)) for level in (INFO, WARNING)] == [False, True]
