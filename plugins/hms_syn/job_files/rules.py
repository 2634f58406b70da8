"""What must be there, and what must hold together, once each value by itself has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import addresses, endpoints
from hms_syn.domain.durations import in_words
from hms_syn.job_files import alerting
from hms_syn.job_files.findings import Finding, Path, closest
from hms_syn.job_files.model import CursorSection, FindSection, JobFile, JobSection, PullSection, PushSection
from hms_syn.job_files.nodes import shown
from hms_syn.job_files.values import Plain, is_nothing
from hms_syn.job_files.vendor_requests import KEEPS_ITS_PLACE, SPEAKS_SQL, endpoint_misfit, lack, request_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_MOST_LEVELS = 100
"""Of an expression: a deeper one would end the drain that reads it, not the file."""
_SUCCESS_WORDS = "write one value, a list of values, or present"


def rule_findings(file: JobFile, *, data: dict[str, Any], adapters: Collection[str]) -> Iterator[Finding]:
    """Every rule this job breaks. ``data`` is the file as typed: a key with a wrong value counts as given."""
    typed = data.get("job")
    if typed is None:
        yield Finding(path=("job",), text="is missing; a job file begins with 'job:'")
    if not isinstance(typed, dict):
        return
    yield from _required(("job",), typed, ("name", "target_endpoint"))
    yield from _adapters(file.job, typed, adapters)
    yield from _reach(file.job)
    retry = file.job.retry
    if retry.max_delay < retry.initial_delay:
        text = f"{in_words(retry.max_delay)} is shorter than initial_delay, {in_words(retry.initial_delay)}"
        yield Finding(path=("job", "retry", "max_delay"), text=f"{text}; make it longer")
    yield from alerting.findings(file.job, typed)
    if file.job.push is not None:
        yield from _push(file.job.push, file.job.push_adapter, typed.get("push"))
    if file.job.pull is not None:
        yield from _pull(file.job.pull, file.job.pull_adapter, typed.get("pull"))


def _required(path: Path, typed: dict[str, Any], keys: tuple[str, ...]) -> Iterator[Finding]:
    for key in keys:
        if key not in typed:
            yield Finding(path=(*path, key), text="is missing; add it")


def _adapters(job: JobSection, typed: dict[str, Any], adapters: Collection[str]) -> Iterator[Finding]:
    if "push_adapter" not in typed and "pull_adapter" not in typed:
        yield Finding(path=("job",), text="has no adapter; add push_adapter, pull_adapter or both", at_key=True)
        return
    if "push_adapter" in typed and "source_topic" not in typed:
        yield Finding(path=("job", "source_topic"), text="is missing; push_adapter needs the topic to listen for")
    for way in ("push", "pull"):
        name = getattr(job, f"{way}_adapter")
        if name is not None and name not in adapters:
            near = closest(name, adapters)
            hint = f"did you mean '{near}'?" if near else f"known: {', '.join(sorted(adapters)) or 'none'}"
            yield Finding(path=("job", f"{way}_adapter"), text=f"no adapter '{shown(name)}'; {hint}")
        if way in typed and f"{way}_adapter" not in typed:
            text = f"has no adapter; add {way}_adapter or take this section out"
            yield Finding(path=("job", way), text=text, at_key=True)
    lacking = lack(job.pull_adapter, "pull")
    if lacking:
        yield Finding(path=("job", "pull_adapter"), text=lacking)


def _reach(job: JobSection) -> Iterator[Finding]:
    sound = []
    for index, network in enumerate(job.allow_private):
        refused = addresses.network_refusal(network)
        if refused is None:
            sound.append(network)
        else:
            yield Finding(path=("job", "allow_private", index), text=refused)
    host = endpoints.host(job.target_endpoint) if job.target_endpoint else None
    refused = addresses.refusal(host, sound) if host else None
    if refused is not None:
        yield Finding(path=("job", "target_endpoint"), text=refused)
    for adapter in filter(None, dict.fromkeys((job.push_adapter, job.pull_adapter))):
        misfit = endpoint_misfit(adapter, endpoints.kind(job.target_endpoint))
        if misfit and job.target_endpoint:
            yield Finding(path=("job", "target_endpoint"), text=misfit)


def _push(push: PushSection, adapter: str | None, typed: object) -> Iterator[Finding]:
    here: Path = ("job", "push")
    written = typed if isinstance(typed, dict) else {}
    if push.lease is not None and push.lease < push.timeout:
        text = f"{in_words(push.lease)} is shorter than timeout, {in_words(push.timeout)}; make it at least as long"
        yield Finding(path=(*here, "lease"), text=text)
    if push.concurrency > 1 and is_nothing(written.get("ordering_key", Plain())):
        text = f"{push.concurrency} at a time needs an ordering_key: without one all messages are one line, in order"
        yield Finding(path=(*here, "concurrency"), text=f"{text}; add push.ordering_key or leave concurrency out")
    yield from _expressions((*here, "ordering_key"), push.ordering_key)
    yield from _expressions((*here, "ack", "reference"), push.ack.reference)
    yield from _expressions((*here, "ack", "status"), push.ack.status)
    yield from _expressions((*here, "mapping"), push.mapping)
    yield from _success((*here, "success"), push.success)
    yield from request_findings(adapter, "push", push.request)
    if push.find is not None:
        yield from _find(push.find, adapter, written.get("find"))


def _find(find: FindSection, adapter: str | None, typed: object) -> Iterator[Finding]:
    here: Path = ("job", "push", "find")
    lacking = lack(adapter, "find")
    if lacking:
        yield Finding(path=here, text=lacking, at_key=True)
        return
    written = typed if isinstance(typed, dict) else {}
    yield from _required(here, written, ("request", "match"))
    yield from _expressions((*here, "match"), find.match)
    yield from _success((*here, "success"), find.success)
    if isinstance(written.get("request"), dict):
        yield from request_findings(adapter, "find", find.request)


def _success(here: Path, success: dict[str, Any]) -> Iterator[Finding]:
    for key, allowed in success.items():
        yield from _compiled((*here, key), key)
        values = allowed if isinstance(allowed, list) else [allowed]
        if not values or not all(isinstance(value, str) for value in values):
            yield Finding(path=(*here, key), text=f"names no allowed value; {_SUCCESS_WORDS}")


def _pull(pull: PullSection, adapter: str | None, typed: object) -> Iterator[Finding]:
    here: Path = ("job", "pull")
    yield from _expressions((*here, "dedupe_key"), pull.dedupe_key)
    yield from _expressions((*here, "mapping"), pull.mapping)
    if isinstance(pull.cursor, CursorSection):
        written = typed.get("cursor") if isinstance(typed, dict) else None
        needed: tuple[str, ...] = ("field",) if adapter in SPEAKS_SQL else ("field", "parameter")
        needed = () if adapter in KEEPS_ITS_PLACE else needed
        yield from _required((*here, "cursor"), written if isinstance(written, dict) else {}, needed)
        yield from _expressions((*here, "cursor", "field"), pull.cursor.field)
    records = pull.request.get("records")
    if isinstance(records, str):
        yield from _compiled((*here, "request", "records"), records)
    yield from request_findings(adapter, "pull", pull.request)


def _expressions(path: Path, value: Any) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _expressions((*path, key), item)
    elif isinstance(value, list):
        yield Finding(path=path, text="is a list; write one JMESPath expression, such as 'lines[*].code'")
    elif isinstance(value, str):
        yield from _compiled(path, value)


def _compiled(path: Path, expression: str) -> Iterator[Finding]:
    try:
        level = [_compile()(expression).parsed]
    except (ValueError, RecursionError):
        hint = "a fixed text is written \"'text'\", a fixed number '`5`'"
        yield Finding(path=path, text=f"'{shown(expression)}' is not a JMESPath expression; {hint}")
        return
    for _ in range(_MOST_LEVELS):
        level = [child for node in level for child in node["children"] if isinstance(child, dict)]
        if not level:
            return
    yield Finding(path=path, text=f"'{shown(expression)}' has more than {_MOST_LEVELS} levels; make it simpler")


def _compile() -> Callable[[str], Any]:
    import jmespath  # noqa: PLC0415 - only files with expressions need it

    compiled: Callable[[str], Any] = jmespath.compile
    return compiled
