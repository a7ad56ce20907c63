"""Memory of the long-running processes: when garbage is collected, and what becomes of what was freed."""

import ctypes
import gc

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT_BYTES = 64 * 1024 * 1024
LARGEST_KEPT_BYTES = 16 * 1024 * 1024


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


def keep_freed_memory() -> None:
    """Have the allocator keep what a picture leaves behind for the next one.

    By default glibc returns each large block at once, and the kernel clears every page of it anew: a twentieth of the
    work on a small picture. Other allocators have no such setting.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
