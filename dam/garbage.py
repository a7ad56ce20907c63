"""Garbage collection of the long-running processes."""

import gc


def pause() -> None:
    """To be called before everything is loaded: it stays, and looking for garbage in it takes a fifth of the time."""
    gc.disable()


def settle() -> None:
    """To be called when everything is loaded.

    A full collection walks every object of every library that is loaded, in the middle of some request or task. What
    is there now stays for good, so it is left out, and what requests and tasks leave behind is collected less often.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
