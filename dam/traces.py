"""Traces by OpenTelemetry, where `DAM_OTLP_ENDPOINT` names a collector: what a request did, and the tasks that it sent.

Spans are of requests, tasks, statements without their values, and commands to Redis; each has the request id of the log
(`dam.request_id`). Needs the extra `traces`. Without the setting nothing of it is imported, and nothing costs anything.
"""

from typing import Any

from celery.signals import worker_init, worker_process_shutdown
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from dam import logs

REQUEST_ID = "dam.request_id"


def begin(service: str) -> None:
    """Called where a process begins to answer or to work, before Django reads its middleware."""
    if settings.OTLP_ENDPOINT:
        instrument(service)


def instrument(service: str) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    class OfRequest(SpanProcessor):
        def on_start(self, span: Span, parent_context: Any = None) -> None:
            if current := logs.request_id():
                span.set_attribute(REQUEST_ID, current)

    provider = TracerProvider(
        resource=Resource.create({SERVICE_NAME: service}),
        sampler=ParentBased(TraceIdRatioBased(settings.TRACE_SHARE)),
    )
    provider.add_span_processor(OfRequest())
    exporter = OTLPSpanExporter(f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces", timeout=10)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(response_hook=name_request)
    for instrumentor in (CeleryInstrumentor(), PsycopgInstrumentor(), RedisInstrumentor()):
        instrumentor.instrument()


def name_request(span: Any, request: HttpRequest, response: HttpResponse) -> None:
    """Its span is older than its id."""
    if span.is_recording() and logs.HEADER in response:
        span.set_attribute(REQUEST_ID, response[logs.HEADER])


@worker_init.connect
def begin_worker(sender: Any = None, **kwargs: object) -> None:
    """Its children take it over with the fork."""
    begin(f"dam-{str(getattr(sender, 'hostname', 'worker')).partition('@')[0]}")


@worker_process_shutdown.connect
def send_last(**kwargs: object) -> None:
    if settings.OTLP_ENDPOINT:
        from opentelemetry import trace

        trace.get_tracer_provider().force_flush(3000)  # type: ignore[attr-defined]
