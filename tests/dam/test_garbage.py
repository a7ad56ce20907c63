import gc

from dam import garbage


def test_nothing_is_collected_while_everything_is_loaded_and_then_it_is_again() -> None:
    thresholds = gc.get_threshold()
    try:
        garbage.pause()
        assert not gc.isenabled()
        garbage.settle()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        gc.enable()
