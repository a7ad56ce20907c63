"""Models for administrators: what is built and how far, comparing two of them, switching, switching back, dropping."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import AppError, StrOrPromise
from media_library.models import Library
from search import build_progress, comparison, dropping, recent, switching, tasks
from search.embedders import engines, sources
from search.models import EmbeddingModel
from search.query import Query

State = EmbeddingModel.State
COMPARED = 10
LIST = "admin:search_embeddingmodel_changelist"

# What can be done with a model in each state: the name of its page, and what the link says.
DEEDS: dict[str, list[tuple[str, StrOrPromise]]] = {
    State.ACTIVE: [],
    State.BUILDING: [
        ("compare", gettext_lazy("Compare")),
        ("switch", gettext_lazy("Switch to it")),
        ("stop", gettext_lazy("Stop building")),
        ("drop", gettext_lazy("Drop")),
    ],
    State.RETIRED: [
        ("compare", gettext_lazy("Compare")),
        ("switch", gettext_lazy("Switch to it")),
        ("build", gettext_lazy("Build on")),
        ("drop", gettext_lazy("Drop")),
    ],
    State.DROPPING: [],
}


@admin.register(EmbeddingModel)
class EmbeddingModelAdmin(admin.ModelAdmin):
    """Looked at, and changed by its deeds only, each of which asks first."""

    list_display = ["name", "state", "progress", "deeds", "dimensions", "precision", "source"]
    list_filter = ["state"]
    ordering = ["state", "-pk"]
    actions = ["measure_recall", "rebuild_index"]
    readonly_fields = ["engine"]

    @admin.display(description=gettext_lazy("Engine"))
    def engine(self, model: EmbeddingModel) -> str:
        try:
            return engines.engine(model.source).sentence
        except AppError as error:
            return str(error.message)

    @admin.action(description=gettext_lazy("Measure how much its searches find"), permissions=["view"])
    def measure_recall(self, request: HttpRequest, models: QuerySet[EmbeddingModel]) -> None:
        for model in models:
            tasks.measure_recall.delay(model.pk)
        self.message_user(request, _("It is being measured; the figures will appear under Recall measurements."))

    @admin.action(description=gettext_lazy("Rebuild its index, without a pause for searches"), permissions=["view"])
    def rebuild_index(self, request: HttpRequest, models: QuerySet[EmbeddingModel]) -> None:
        for model in models:
            tasks.rebuild_index.delay(model.pk)
        self.message_user(request, _("The index is being rebuilt. Searches are answered by the old one meanwhile."))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(allowed(view))

        name = "search_embeddingmodel_%s"
        return [
            path("clear-recent/", page(self.clear_recent), name=name % "clear"),
            path("<int:pk>/compare/", page(self.compare), name=name % "compare"),
            path("<int:pk>/build/", page(self.build), name=name % "build"),
            path("<int:pk>/switch/", page(self.switch), name=name % "switch"),
            path("<int:pk>/stop/", page(self.stop), name=name % "stop"),
            path("<int:pk>/drop/", page(self.drop), name=name % "drop"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("indexed"))
    def progress(self, model: EmbeddingModel) -> str:
        return "" if model.state == State.DROPPING else build_progress.of_model(model).spoken

    @admin.display(description="")
    def deeds(self, model: EmbeddingModel) -> str:
        links = [
            (reverse(f"admin:search_embeddingmodel_{name}", args=[model.pk]), text) for name, text in DEEDS[model.state]
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The caller's own latest searches, or one that is typed here, under the active model and another one."""
        model = get_object_or_404(EmbeddingModel.objects.kept(), pk=pk)
        models = [active for active in [EmbeddingModel.active()] if active] + [model]
        libraries = Library.objects.open_to(request.user).order_by("name")
        typed = request.GET.get("text", "").strip()
        queries = recent.of_user(request.user)[:COMPARED]  # type: ignore[arg-type]  # signed in
        if typed and (library := libraries.filter(slug=request.GET.get("library", "")).first()):
            queries = [Query.from_params(library, {"text": typed}, None)]
        context = {
            "model": model,
            "models": models,
            "libraries": libraries,
            "typed": typed,
            "rows": comparison.compare(queries, request.user, models),  # type: ignore[arg-type]
            "kept": recent.KEPT,
            "days": recent.KEPT_FOR.days,
        }
        return self.page(request, "compare", context, title=_("Compare %(model)s") % {"model": model})

    def clear_recent(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            recent.clear(request.user)  # type: ignore[arg-type]
            messages.success(request, _("Your latest searches have been forgotten."))
        return redirect(LIST)

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        model = get_object_or_404(EmbeddingModel.objects.kept(), pk=pk)
        gap = switching.gap(model)
        notes = [*gap.obstacles(), gap.losses()]
        choices = [("now", _("Switch now"))]
        if gap.obstacles():
            choices = [("complete", _("Switch when it is complete")), ("force", _("Switch now all the same"))]

        def act(how: str) -> str:
            if how == "complete":
                switching.build(model, takes_over=True)
                return _("%(model)s will answer as soon as it is complete.") % {"model": model}
            switching.switch(model, force=how == "force")
            return _("%(model)s answers now.") % {"model": model}

        question = _("Search is to answer from %(model)s? The one that answers now is kept, to switch back to.")
        return self.confirm(request, model, question, notes, choices, act)

    def build(self, request: HttpRequest, pk: int) -> HttpResponse:
        model = get_object_or_404(EmbeddingModel.objects.kept(), pk=pk)

        def act(_how: str) -> str:
            switching.build(model)
            return _("%(model)s is being built beside the one that answers.") % {"model": model}

        question = _("Index with %(model)s what has been uploaded since, beside the model that answers?")
        return self.confirm(request, model, question, [], [("build", _("Build on"))], act)

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        model = get_object_or_404(EmbeddingModel.objects.kept(), pk=pk)

        def act(_how: str) -> str:
            switching.stop(model)
            return _("%(model)s is not built any further.") % {"model": model}

        question = _("Build %(model)s no further for now? What has been built is kept.")
        return self.confirm(request, model, question, [], [("stop", _("Stop building"))], act)

    def drop(self, request: HttpRequest, pk: int) -> HttpResponse:
        model = get_object_or_404(EmbeddingModel.objects.kept(), pk=pk)
        notes = [_("Its weights stay in %(folder)s.") % {"folder": sources.place(model.source)}]
        if model.configured:
            notes.append(_("DAM_MODEL names it: unless you change that, the next start builds it again."))

        def act(_how: str) -> str:
            dropping.drop(model)
            return _("%(model)s is out of use; its vectors are being removed.") % {"model": model}

        question = _("Remove %(model)s and all vectors made with it? Getting them back means indexing all over again.")
        return self.confirm(request, model, question, notes, [("drop", _("Drop"))], act)

    def confirm(
        self,
        request: HttpRequest,
        model: EmbeddingModel,
        question: str,
        notes: Iterable[str],
        choices: list[tuple[str, str]],
        act: Callable[[str], str],
    ) -> HttpResponse:
        """Ask first; when one of `choices` is posted, act and say what was done, or why not."""
        if request.method == "POST":
            try:
                messages.success(request, act(request.POST.get("how", "")))
            except AppError as error:
                messages.error(request, str(error.message))
            return redirect(LIST)
        question %= {"model": model}
        context = {"question": question, "notes": [note for note in notes if note], "choices": choices}
        return self.page(request, "confirm", context, title=str(model))

    def page(self, request: HttpRequest, name: str, context: dict[str, Any], *, title: str) -> HttpResponse:
        context |= self.admin_site.each_context(request) | {"title": title, "opts": self.model._meta}
        return render(request, f"admin/search/embeddingmodel/{name}.html", context)


def allowed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def checked(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not switching.may_switch_models(request.user):
            raise PermissionDenied
        return view(request, **kwargs)

    return checked
