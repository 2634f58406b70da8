"""Which adapters there are, by name; none is imported before it is needed."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Collection
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from hms_syn import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.ports import AdapterFactory

ENTRY_POINT_GROUP = "hms_syn.adapters"

_OURS: Mapping[str, str] = {
    "fhir.r4.v1": "hms_syn.adapters.fhir.fhir_r4_v1:FhirR4V1",
    "hl7.mllp.v1": "hms_syn.adapters.hl7.hl7_mllp_v1:Hl7MllpV1",
    "in_memory.v1": "hms_syn.adapters.in_memory_v1:InMemoryV1",
    "oracle.soap.v1": "hms_syn.adapters.soap.oracle_soap_v1:OracleSoapV1",
    "rest.json.v1": "hms_syn.adapters.rest.rest_json_v1:RestJsonV1",
    "sftp.csv.v1": "hms_syn.adapters.sftp.sftp_csv_v1:SftpCsvV1",
    "sql.table.v1": "hms_syn.adapters.sql.sql_table_v1:SqlTableV1",
}


def load_adapter(id: str) -> AdapterFactory:  # noqa: A002 - the word of the job file
    """Return the adapter's class, imported now.

    :raises errors.UnknownAdapter: naming the nearest id and listing the known ones, or saying that it cannot be
        imported
    """
    known = _OURS if id in _OURS else _known()  # to look through all that is installed takes longer than most calls
    if id not in known:
        near = difflib.get_close_matches(id, known, n=1, cutoff=0)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise errors.UnknownAdapter(f"No adapter is called {id!r}{hint} Known: {', '.join(sorted(known))}.")
    module, _, name = known[id].partition(":")
    try:
        return cast("AdapterFactory", getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise errors.UnknownAdapter(
            f"The adapter {id!r} is registered as {known[id]!r} but cannot be imported ({type(error).__name__}); "
            f"reinstall the package it comes from."
        ) from error


def modules() -> list[str]:
    """Return the modules of our own adapters, for who imports them before they are needed."""
    return sorted(place.partition(":")[0] for place in _OURS.values())


class KnownAdapters(Collection[str]):
    """The ids of all installed adapters, none of them imported.

    What is installed is looked through once, and only when an id is asked for that is not one of ours: that takes
    longer than to read a job file, and every task reads one.
    """

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the word of the job file
        return id in _OURS or id in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> list[str]:
        return sorted(_known())


def known_adapters() -> KnownAdapters:
    """Return the ids of all installed adapters, in order, without importing one."""
    return KnownAdapters()


def _known() -> dict[str, str]:
    """Return id → dotted path; a third party cannot replace one of ours."""
    found: dict[str, str] = {}
    entry: EntryPoint
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        found[entry.name] = entry.value.replace(" ", "")
    return found | dict(_OURS)
