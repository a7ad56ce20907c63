"""What the journal remembers of an import, and what a second run makes of it."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dam_client import ApiError, Client, Library
from dam_client.importing import sources
from dam_client.importing.journal import Journal
from dam_client.importing.sending import Options, Sending
from dam_client.importing.sources import Passed
from tests.client.drawn import noise
from tests.client.scripted import serving

pytestmark = pytest.mark.slow


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite3")
    yield opened
    opened.close()


def run(library: Library, journal: Journal, photos: Path, parallel: int = 3, **options: Any) -> Counter[str]:
    sending = Sending(library, journal, Options(**options))
    return Counter(outcome.state for outcome in sending.run(list(sources.below(photos, Passed())), parallel))


def names(library: Library, **filters: Any) -> list[str]:
    return sorted(asset.display_name for asset in library.assets(**filters))


def test_a_second_run_looks_at_nothing_again(
    library: Library, journal: Journal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(library, journal, folder) == {"sent": 12}
    monkeypatch.setattr(Path, "open", lambda *args: pytest.fail("It was read again."))
    assert run(library, journal, folder) == {"known": 12}
    assert len(names(library)) == 12


def test_moved_files_are_not_sent_and_changed_ones_are(library: Library, journal: Journal, folder: Path) -> None:
    run(library, journal, folder)
    (folder / "p0.jpg").rename(folder / "moved.jpg")
    (folder / "p3.jpg").write_bytes(noise(100))
    os.utime(folder / "p6.jpg", (1, 1))
    assert run(library, journal, folder) == {"known": 9, "duplicate": 2, "sent": 1}
    assert len(names(library)) == 13


def test_what_the_library_has_from_elsewhere_is_a_duplicate(library: Library, journal: Journal, folder: Path) -> None:
    library.upload(folder / "p0.jpg")
    assert run(library, journal, folder) == {"sent": 11, "duplicate": 1}
    assert run(library, journal, folder) == {"known": 12}


def test_duplicates_are_kept_once_each(library: Library, journal: Journal, folder: Path) -> None:
    (folder / "copy.jpg").write_bytes(noise(0))
    assert run(library, journal, folder, keep_duplicates=True) == {"sent": 13}
    assert run(library, journal, folder, keep_duplicates=True) == {"known": 13}


def test_two_equal_files_at_the_same_time_are_one_picture(library: Library, journal: Journal, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.jpg").write_bytes(noise(1))
    counts = run(library, journal, tmp_path, parallel=6)
    assert (counts["sent"], counts["failed"], len(names(library))) == (1, 0, 1)


def test_folders_and_tags_are_kept(library: Library, journal: Journal, folder: Path) -> None:
    into = library.folders.at("In", create=True)
    run(library, journal, folder, folder=into, keep_folders=True, tags_from_folders=True, tags=["new"])
    assert list(library.folders.paths()) == ["In", "In/holiday", "In/holiday/2024"]
    assert names(library, folder="In/holiday/2024") == ["p11", "p2", "p5", "p8"] == names(library, tag="2024")
    assert len(names(library, tag="new")) == 12


def test_what_fails_is_told_and_tried_again(library: Library, journal: Journal, folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(noise(1)[:-9])
    for _time in range(2):
        sending = Sending(library, journal)
        outcomes = sending.run(list(sources.below(folder, Passed())), 2)
        (failed,) = [outcome for outcome in outcomes if outcome.state == "failed"]
        assert (failed.source.name, failed.code) == ("broken.jpg", "truncated")
        assert failed.sentence.startswith("This JPEG file is incomplete")
        assert sending.fatal is None


def test_a_file_that_vanishes_fails_alone(library: Library, journal: Journal, folder: Path) -> None:
    listed = list(sources.below(folder, Passed()))
    (folder / "p0.jpg").unlink()
    outcomes = list(Sending(library, journal).run(listed, 3))
    assert Counter(outcome.state for outcome in outcomes) == {"sent": 11, "failed": 1}
    assert "It cannot be read: No such file or directory." in [outcome.sentence for outcome in outcomes]


def test_stopping_finishes_what_is_under_way_and_the_next_run_goes_on(
    library: Library, journal: Journal, folder: Path
) -> None:
    sending = Sending(library, journal)
    done = 0
    for _outcome in sending.run(list(sources.below(folder, Passed())), 2):
        done += 1
        sending.stopped.set()
    assert done < 12
    assert run(library, journal, folder) == {"known": done, "sent": 12 - done}


def test_when_nothing_more_can_succeed_it_stops(dam: Client, library: Library, journal: Journal, folder: Path) -> None:
    stranger = Library(Client(dam.url, "dam_nobody").transport, library.info)
    sending = Sending(stranger, journal)
    outcomes = list(sending.run(list(sources.below(folder, Passed())), 1))
    assert (len(outcomes), sending.fatal and sending.fatal.status) == (1, 401)
    assert run(library, journal, folder) == {"sent": 12}


def test_a_sending_that_was_cut_off_is_known_by_its_key(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(noise(1))
    gone = Journal(tmp_path / "journal.sqlite3")
    row = (200, {"results": [library.info.model_dump(mode="json")], "next_cursor": None}, {})
    with serving(row, None) as script:
        cut = Client(script.url, "x", retries=0).library()
        (outcome,) = Sending(cut, gone).run(list(sources.below(tmp_path, Passed())), 1)
        (again,) = Sending(cut, gone).run(list(sources.below(tmp_path, Passed())), 1)
    assert (outcome.state, again.state) == ("failed", "failed")
    first, second = (asked.headers["idempotency-key"] for asked in script.asked[1:])
    assert first == second
    (other,) = Sending(library, gone).run(list(sources.below(tmp_path, Passed())), 1)
    assert other.state == "sent"
    gone.close()


def test_a_key_that_was_used_for_other_tags_is_given_up(tmp_path: Path, library: Library) -> None:
    (tmp_path / "a.jpg").write_bytes(noise(1))
    journal = Journal(tmp_path / "journal.sqlite3")
    row = (200, {"results": [library.info.model_dump(mode="json")], "next_cursor": None}, {})
    reused = (422, {"detail": "Take a new one.", "code": "idempotency_key_reused"}, {})
    refused = (415, {"detail": "No picture.", "code": "not_an_image"}, {})
    with serving(row, reused, refused) as script:
        told = Client(script.url, "x").library()
        (outcome,) = Sending(told, journal).run(list(sources.below(tmp_path, Passed())), 1)
    assert outcome.code == "not_an_image"
    assert len({asked.headers["idempotency-key"] for asked in script.asked[1:]}) == 2
    journal.close()


def test_a_url_is_fetched_once(library: Library, journal: Journal) -> None:
    with serving((200, noise(9), {"Content-Type": "image/jpeg"})) as web:
        source = sources.address(f"{web.url}/a.jpg")
        states = [outcome.state for _time in range(2) for outcome in Sending(library, journal).run([source], 1)]
    assert (states, names(library), len(web.asked)) == (["sent", "known"], ["a"], 1)


def test_threads_share_a_journal(journal: Journal, folder: Path) -> None:
    listed = list(sources.below(folder, Passed()))

    def write() -> None:
        for source in listed:
            journal.end(source, "0" * 64, "sent", journal.begin(source, "0" * 64))

    threads = [threading.Thread(target=write) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(journal.of_path(source) for source in listed)


def test_a_journal_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_text("Something else, and long enough for that to be seen at once. " * 9)
    with pytest.raises(ApiError, match=r"The journal of imports .* cannot be used: file is not a database."):
        Journal(tmp_path / "journal.sqlite3")
