"""An OpenTelemetry collector of the test's own: what is sent to it by OTLP over HTTP, in the form of its own schema."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Collector:
    """What has arrived so far."""

    def __init__(self) -> None:
        self.origin = ""
        self._traces: list[ExportTraceServiceRequest] = []
        self._metrics: list[ExportMetricsServiceRequest] = []
        self._bodies: list[bytes] = []

    @property
    def raw(self) -> bytes:
        """Every byte that arrived."""
        return b"".join(self._bodies)

    def take(self, path: str, body: bytes) -> None:
        """Read one request."""
        self._bodies.append(body)
        if path == "/v1/traces":
            self._traces.append(ExportTraceServiceRequest.FromString(body))
        elif path == "/v1/metrics":
            self._metrics.append(ExportMetricsServiceRequest.FromString(body))

    def spans(self, name: str) -> list[dict[str, Any]]:
        """Return the spans of a name: their ids in hex, their attributes without our prefix, what they link to."""
        return [
            {
                "trace": span.trace_id.hex(),
                "id": span.span_id.hex(),
                "parent": span.parent_span_id.hex(),
                "links": [link.trace_id.hex() for link in span.links],
                "failed": span.status.code == 2,
                **{each.key.removeprefix("hms_syn."): _value(each.value) for each in span.attributes},
            }
            for request in list(self._traces)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if span.name == name
        ]

    def metrics(self, name: str) -> list[dict[str, Any]]:
        """Return every point of a metric in the order of arrival: its attributes, and its number or its count."""
        return [
            {
                **{each.key: _value(each.value) for each in point.attributes},
                "number": point.count if "histogram" in kind else getattr(point, point.WhichOneof("value")),
            }
            for request in list(self._metrics)
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for kind in [metric.WhichOneof("data")]
            for point in getattr(metric, kind).data_points
        ]


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen for as long as the context lasts."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.take(self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
