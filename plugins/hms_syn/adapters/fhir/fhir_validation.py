"""Resources checked against FHIR R4 before anything is sent, by the models of the extra ``fhir``.

The models are those of R4B (4.3.0). For nearly every type R4 (4.0.1) is the same; the few types that differ, or
that R4B no longer has, are sent as they are. Profiles and terminology are the vendor's to check.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters.fhir.fhir_types import UNLIKE_R4B

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_MODELS = "fhir.resources.R4B"
_MOST = 5
_UNKNOWN = "extra_forbidden"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_installed() -> bool:
    """Return True if resources can be checked here; otherwise they are sent as they are."""
    return importlib.util.find_spec("fhir") is not None and importlib.util.find_spec("fhir.resources") is not None


def check(resource: Mapping[str, Any], *, declared: Mapping[str, Any] | None = None) -> None:
    """Return if the resource fits its type, or its type cannot be checked here.

    ``declared`` is the job's mapping. An element FHIR does not know is named only if the mapping uses its name: any
    other came with the payload.

    :raises errors.UnmappablePayload: naming up to five elements, each with the rule it breaks and never its value
    """
    kind = str(resource["resourceType"])
    model = _model(kind)
    if model is None:
        return
    try:
        model.model_validate(resource)
    except ValueError as error:
        raise errors.UnmappablePayload(
            f"The mapped resource is no {kind} of FHIR R4: {'; '.join(_problems(error, _names_in(declared)))}.",
            code="fhir_invalid",
        ) from None


def _names_in(mapping: Mapping[str, Any] | None) -> frozenset[str]:
    """Return every name that a job's mapping uses, as a target or in an expression."""
    return frozenset(_NAME.findall(json.dumps(mapping, default=str))) if mapping else frozenset()


@cache
def _model(kind: str) -> Any:
    if kind in UNLIKE_R4B or not is_installed():
        return None
    try:
        return importlib.import_module(_MODELS).get_fhir_model_class(kind)
    except ValueError:
        return None


def _problems(error: Any, declared: Collection[str]) -> list[str]:
    """Return what pydantic found, without the values it found it in."""
    if not hasattr(error, "errors"):
        return ["it cannot be read"]
    found = error.errors(include_input=False, include_context=False, include_url=False)
    told = [f"{_path(each['loc'], each['type'], declared)} ({each['type']})" for each in found]
    return [*told[:_MOST], *([f"and {len(told) - _MOST} more"] if len(told) > _MOST else [])]


def _path(place: tuple[str | int, ...], rule: str, declared: Collection[str]) -> str:
    parts = [str(part) for part in place]
    if rule == _UNKNOWN and parts and parts[-1] not in declared:
        parts[-1] = "an element it does not have"
    return ".".join(parts) or "the resource as a whole"
