from types import SimpleNamespace

import pytest
from billiard.exceptions import TimeLimitExceeded, WorkerLostError

from media_library.refusals import BadImage
from search import anchors, tasks


@pytest.mark.parametrize("ended", [WorkerLostError("signal 11"), TimeLimitExceeded(20)])
def test_a_query_picture_that_kills_its_decoder_is_refused(monkeypatch: pytest.MonkeyPatch, ended: Exception) -> None:
    def get(**options: object) -> None:
        raise ended

    monkeypatch.setattr(tasks.decode_query_image, "apply_async", lambda *_, **__: SimpleNamespace(get=get))
    with pytest.raises(BadImage) as caught:
        anchors.decode_in_worker("queries/picture", None)
    assert (caught.value.code, caught.value.status) == ("too_slow", 422)
