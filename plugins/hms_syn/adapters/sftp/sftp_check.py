"""Whether a job and its SFTP server fit together, asked before any message is at stake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters import mapping, templates
from hms_syn.adapters.sftp import sftp_push

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hms_syn.adapters.sftp.sftp_session import Session
    from hms_syn.domain.job_spec import JobSpec, Push

SFTP = "sftp.csv.v1"
_OF_THE_CONNECTION = frozenset({"connection_field", "no_driver", "host_key"})


def problems(job: JobSpec, session: Callable[[str], Session]) -> list[tuple[str, str]]:
    """Return (dotted key, what is wrong and what to do): of the job by itself, else of it beside the server."""
    found = list(_by_itself(job))
    if found:
        return found
    for way, side, adapter in (("push", job.push, job.push_adapter), ("pull", job.pull, job.pull_adapter)):
        if side is None or adapter != SFTP:
            continue
        try:
            session(way).look_at_folder(side.request.get("folder"))
        except errors.LoginRefused as error:
            return [("job.connection_id", str(error))]
        except errors.ContractMismatch as error:
            key = "job.connection_id" if error.code in _OF_THE_CONNECTION else f"job.{way}.request.folder"
            found.append((key, str(error)))
        except (errors.TryAgain, errors.OutcomeUnknown) as error:
            if error.code in _OF_THE_CONNECTION:
                return [("job.connection_id", str(error))]
            return [("job.target_endpoint", f"{error} Check the endpoint, 'allow_private' and the connection.")]
    return found


def _by_itself(job: JobSpec) -> Iterator[tuple[str, str]]:
    push = job.push
    if push is not None and job.push_adapter == SFTP:
        yield from _file_name(push)
        if push.find is not None:
            yield "job.push.find", f"{SFTP} looks for the file by its name; leave 'find' out."
        for name, expression in (push.mapping or {}).items():
            if isinstance(expression, Mapping):
                yield f"job.push.mapping.{name}", "is a map; a column holds one value."
        for key, declared in (("push.success", {name: name for name in push.success}), ("push.ack", push.ack)):
            try:
                mapping.check_expressions(declared, key=key)
            except errors.ContractMismatch as error:
                yield f"job.{key}", str(error)


def _file_name(push: Push) -> Iterator[tuple[str, str]]:
    template = str(push.request.get("file_name") or sftp_push.FILE_NAME)
    here = "job.push.request.file_name"
    if "key" not in templates.holes(template):
        yield here, "must hold {key}: by it the vendor, and we, know a message that was sent before."
    for name in templates.holes(template):
        if name != "key" and push.mapping is not None and name.partition(".")[0] not in push.mapping:
            yield here, f"{{{name}}} is no field of 'push.mapping'."
    if templates.stray_braces(template):
        yield here, "has a brace that belongs to no hole; write {key} or {field}."
    if "/" in template or "\\" in template:
        yield here, "names a folder; that is 'folder'."
