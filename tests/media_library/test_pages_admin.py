from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client

from media_library import collections, orphans, sharing, storage_use, versions
from media_library.metadata import fields
from media_library.models import (
    ApiKey,
    Asset,
    Delivery,
    FileSweep,
    Folder,
    FolderGrant,
    Identity,
    Job,
    KeptAnswer,
    Library,
    PartialUpload,
    PersonalToken,
    RecoveryCode,
    Role,
    SecondFactor,
    ShareLink,
    Tag,
    UploadPart,
    UploadPreset,
    User,
    Version,
    Webhook,
)
from search import recall, saved_queries
from search.clusters import joining, kinds
from search.models import (
    DetectorRun,
    DuplicateDecision,
    DuplicatePair,
    Fingerprint,
    IndexedLibrary,
    IndexEntry,
    Isolation,
    QueryAnchor,
    SavedSearch,
    SavedView,
)
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

# Kept answers and unfinished uploads are other people's, and soon gone.
MODELS = [*apps.get_app_config("media_library").get_models(), *apps.get_app_config("search").get_models()]
for theirs in (KeptAnswer, PartialUpload, UploadPart):
    MODELS.remove(theirs)


@pytest.fixture
def boss() -> User:
    return factories.user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def library(boss: User) -> Library:
    return factories.library(boss, name="Studio")


@pytest.fixture
def records(library: Library, boss: User) -> dict[str, Any]:
    """One row of every model."""
    model = factories.model()
    asset = factories.embedded(library, model, [1.0] * model.dimensions, display_name="Harbour")
    alike = factories.embedded(library, model, [1.0] * model.dimensions)
    joining.join(model, [asset.pk, alike.pk])
    library.folders.create(name="Trips").grants.create(user=boss)
    asset.tags.add(library.tags.create(name="sea"))
    asset.renditions.create(name="thumb", file="thumbs/none.webp", width=60, height=40, bytes=9)
    PersonalToken.issue(boss, "laptop")
    ApiKey.issue(boss, "script")
    fields.add(library, boss, [{"id": "s", "value": "Summer"}], external_id="season", label="Season", type="choice")
    factories.asset(library, metadata={"season": "s"})
    UploadPreset.objects.create(library=library, owner=boss, name="web")
    delivery = factories.delivery(factories.webhook(library), state="given_up", tries=8, next_attempt_at=None)
    delivery.attempts.create(at=delivery.created_at, status=500, milliseconds=1)
    Fingerprint.objects.create(asset=asset, library=library)
    decision = DuplicateDecision.objects.create(library=library, action="keep_all", decided_by=boss)
    DuplicatePair.of(asset, factories.asset(library), kind="exact", score=1, decision=decision).save()
    QueryAnchor.objects.create(owner=boss, library=library, thumb="x.webp", model=model, vector=[0.0] * 48)
    recall.measure(model)
    Isolation.objects.create(asset=asset, model=model, distance=0.1, measured_at=asset.created_at)
    boat = factories.embedded_region(asset, model, [1.0] * model.dimensions, label="Boat")
    joining.join(model, [boat.pk], kinds.OBJECTS)
    DetectorRun.objects.create(asset=asset, detector="fake")
    job = Job.objects.create(kind="bulk", owner=boss, library=library)
    job.failures.create(item="x", code="x", message="No.")
    job.parts.create(section=0, file="exports/none", bytes=0)
    library.import_sources.create(address="/nowhere").files.create(path="x.png", version="1", bytes=1, asset=asset)
    IndexedLibrary.objects.create(library=library)
    SavedView.objects.create(library=library, owner=boss, name="Boats")
    collections.add(collections.make(library, boss, "Best"), boss, [asset.pk])
    sharing.make(boss, asset)
    factor = SecondFactor.objects.create(user=boss)
    Identity.objects.create(user=boss, issuer="https://sign-in.example", subject="1")
    factor.recovery_codes.create(digest=RecoveryCode.hash("code"))
    versions.first(asset).save()
    saved_queries.save(library, boss, "Boats", {"q": "boat"}, shared=True)
    orphans.sweep(dry_run=True)
    storage_use.measure()
    return {"asset": asset}


def address(model: Any, rest: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{rest}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_is_listed_and_can_be_looked_at(boss: User, records: dict[str, Any], model: Any) -> None:
    client = signed_in(boss)
    assert model in admin.site._registry
    assert client.get(address(model)).status_code == 200
    page = client.get(address(model, f"{model.objects.first().pk}/change/"))
    assert page.status_code == 200
    assert "vector" not in text_of(page).lower()


def test_staff_without_membership_see_no_assets(records: dict[str, Any]) -> None:
    clerk = factories.user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    page = signed_in(clerk).get(address(Asset))
    assert page.status_code == 200
    assert "Harbour" not in page.content.decode()
    assert signed_in(clerk).get(address(Asset, f"{records['asset'].pk}/change/")).status_code == 302


def test_staff_organise_the_libraries_that_they_belong_to() -> None:
    clerk = factories.user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    theirs, others = factories.library(clerk, name="Theirs"), factories.library(name="Foreign")
    client = signed_in(clerk)
    for library in (theirs, others):
        folder = Folder.objects.create(library=library, name=f"Folder of {library.name}")
        Tag.objects.create(library=library, name=f"tag of {library.name}")
        FolderGrant.objects.create(folder=folder, user=factories.user(), role=Role.VIEWER)
    for model in (Folder, Tag, FolderGrant):
        page = text_of(client.get(address(model)))
        assert "of Theirs" in page
        assert "Foreign" not in page
    hidden = Folder.objects.get(library=others)
    assert client.get(address(Folder, f"{hidden.pk}/change/")).status_code == 302
    made = {"name": "Mine", "library": others.pk, "grants-TOTAL_FORMS": 0, "grants-INITIAL_FORMS": 0}
    assert "Select a valid choice" in client.post(address(Folder, "add/"), made).content.decode()
    made |= {"library": theirs.pk, "parent": hidden.pk}
    assert "Select a valid choice" in client.post(address(Folder, "add/"), made).content.decode()
    granted = {"folder": hidden.pk, "user": clerk.pk, "role": Role.MANAGER}
    assert "Select a valid choice" in client.post(address(FolderGrant, "add/"), granted).content.decode()
    assert not Folder.objects.filter(name="Mine").exists()


def test_deliveries_are_sent_again_unless_their_webhook_is_off(boss: User, records: dict[str, Any]) -> None:
    lost, client = Delivery.objects.get(), signed_in(boss)
    off = factories.delivery(factories.webhook(lost.library, is_active=False), state="given_up")
    chosen = {"action": "replay", "_selected_action": [str(lost.pk), str(off.pk)]}
    page = client.post(address(Delivery), chosen, follow=True)
    assert "1 of them were left alone" in page.content.decode()
    states = Delivery.objects.order_by("created_at").values_list("state", flat=True)
    assert list(states) == ["pending", "given_up"]


def test_a_webhook_is_switched_on_again(boss: User, records: dict[str, Any]) -> None:
    webhook = Webhook.objects.get()
    webhook.disable("It failed for days.")
    signed_in(boss).post(address(Webhook, f"{webhook.pk}/change/"), {"is_active": "on"})
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.disabled_reason) == (True, "")


def test_what_could_not_be_indexed_is_tried_again(boss: User, records: dict[str, Any]) -> None:
    entry = IndexEntry.objects.get(asset=records["asset"])
    IndexEntry.objects.update(state="failed", attempts=3, error_code="worker_died", error="The index worker died.")
    signed_in(boss).post(address(IndexEntry), {"action": "try_again", "_selected_action": [str(entry.pk)]})
    states = IndexEntry.objects.order_by("-pk").values_list("state", "attempts", "error_code", "error")
    assert set(states) == {("pending", 0, "", ""), ("failed", 3, "worker_died", "The index worker died.")}


def test_share_links_are_revoked(boss: User, records: dict[str, Any]) -> None:
    link = ShareLink.objects.get()
    signed_in(boss).post(address(ShareLink), {"action": "revoke", "_selected_action": [str(link.pk)]})
    link.refresh_from_db()
    assert link.state == "revoked"


def test_versions_go_with_their_asset_only(boss: User, records: dict[str, Any]) -> None:
    version, client = Version.objects.get(), signed_in(boss)
    assert client.post(address(Version, f"{version.pk}/delete/"), {"post": "yes"}).status_code == 403
    assert client.post(address(Asset, f"{version.asset_id}/delete/"), {"post": "yes"}).status_code == 302
    assert not Version.objects.exists()


def test_sweeps_which_name_files_of_all_libraries_are_for_superusers(records: dict[str, Any]) -> None:
    staff = factories.user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    assert signed_in(staff).get(address(FileSweep)).status_code == 403


def test_an_asset_cannot_be_made_in_the_admin(boss: User, library: Library) -> None:
    assert signed_in(boss).get(address(Asset, "add/")).status_code == 403


def test_the_admin_needs_a_sign_in() -> None:
    assert Client().get("/admin/").status_code == 302


def test_private_searches_are_their_owners_alone(boss: User, library: Library) -> None:
    saved_queries.save(library, boss, "Secret", {"q": "boat"})
    assert "Secret" not in text_of(signed_in(boss).get(address(SavedSearch)))
