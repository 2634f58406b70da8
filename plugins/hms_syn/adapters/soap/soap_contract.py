"""A vendor's WSDL: found, pinned, parsed once a process, and narrowed down to the one binding a job uses."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from zeep import Settings
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap11Binding, SoapBinding

from hms_syn import errors
from hms_syn.adapters.soap import soap_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hms_syn.adapters.soap.soap_shape import Shape

PIN_NAME = "wsdl"
"""Where a pin stood before each address had one of its own: it is still good for the address that it is of."""
MAX_DOCUMENTS = 100

# zeep prints whole envelopes with their passwords at DEBUG, and values it cannot read at ERROR.
logging.getLogger("zeep.transports").setLevel(logging.INFO)
logging.getLogger("zeep.xsd.types.simple").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A WSDL and everything it imports, as bytes under the addresses they were read from."""

    entry: str
    documents: Mapping[str, bytes]

    def to_bytes(self) -> bytes:
        """Return the form that is pinned: the same documents give the same bytes."""
        documents = {url: base64.b64encode(body).decode("ascii") for url, body in self.documents.items()}
        return json.dumps({"entry": self.entry, "documents": documents}, sort_keys=True).encode("ascii")

    @classmethod
    def from_bytes(cls, body: bytes) -> Bundle:
        """Return the bundle that was pinned.

        :raises errors.ContractMismatch: when the pin is not one of ours
        """
        try:
            content = json.loads(body)
            documents = {url: base64.b64decode(text) for url, text in content["documents"].items()}
            return cls(entry=content["entry"], documents=MappingProxyType(documents))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise errors.ContractMismatch("The pinned WSDL of this job cannot be read; pin it again.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The parsed WSDL; it is shared by all adapters of this process that use the same bytes."""

    bundle: Bundle
    document: Document

    def binding(self, *, service: str | None = None, port: str | None = None) -> SoapBinding:
        """Return the SOAP binding that fits; of two for the same operations, the SOAP 1.1 one.

        :raises errors.ContractMismatch: listing services and ports, when none or several fit
        """
        found = [
            (each.name, name, each_port.binding)
            for each in self.document.services.values()
            for name, each_port in each.ports.items()
            if isinstance(each_port.binding, SoapBinding)
        ]
        fitting = [row[2] for row in found if service in (None, row[0]) and port in (None, row[1])]
        if len({binding.port_name.text for binding in fitting}) == 1:
            return next((each for each in fitting if isinstance(each, Soap11Binding)), fitting[0])
        choices = "\n".join(f"  request: {{service: {row[0]}, port: {row[1]}}}" for row in found) or "  (none)"
        raise errors.ContractMismatch(
            f"The WSDL has {'several' if fitting else 'no'} SOAP ports that fit; choose one in the job file:\n{choices}"
        )

    def shapes(self, *, service: str | None = None, port: str | None = None) -> list[Shape]:
        """Return the operations of the binding that fits."""
        return soap_shape.shapes(self.binding(service=service, port=port))


def pin_name(url: str) -> str:
    """Return the name of the pin for a WSDL at this address: push and pull of a job may have one each."""
    return f"{PIN_NAME}:{hashlib.sha256(url.encode()).hexdigest()[:32]}"


class Documents:
    """What zeep takes for its transport while it parses: it reads through ``read`` and remembers what it read."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self.seen: dict[str, bytes] = {}

    def load(self, url: str) -> bytes:
        """Return the document at this address."""
        if url not in self.seen:
            if len(self.seen) >= MAX_DOCUMENTS:
                raise errors.ContractMismatch(f"The WSDL imports more than {MAX_DOCUMENTS} documents.")
            self.seen[url] = self._read(url)
        return self.seen[url]


_PARSED: dict[str, Contract] = {}
_FILES: dict[str, tuple[str, ...]] = {}
_LOCK = threading.RLock()
"""Held while a file or pin is parsed, so that adapters that start together wait for one contract and share it."""


def from_bundle(bundle: Bundle) -> Contract:
    """Return the contract in these bytes, without a look at anything else."""

    def refuse(_url: str) -> bytes:
        raise errors.ContractMismatch("The WSDL imports a document that was not there when it was pinned.")

    digest = _digest(bundle)
    with _LOCK:
        if digest not in _PARSED:
            documents = dict(bundle.documents)
            _PARSED[digest] = _parse(bundle.entry, lambda url: documents[url] if url in documents else refuse(url))
        return _PARSED[digest]


def from_reader(entry: str, read: Callable[[str], bytes]) -> Contract:
    """Return the contract at this address, every document of it read through ``read``."""
    contract = _parse(entry, read)
    with _LOCK:
        return _PARSED.setdefault(_digest(contract.bundle), contract)


def from_file(path: Path, *, root: Path) -> Contract:
    """Return the contract in a file; its imports must lie in the same folder tree or under ``root``.

    :raises errors.ContractMismatch: when a file is missing or lies elsewhere
    """
    entry = str(path.resolve())
    roots = (path.resolve().parent, root.resolve())

    def read(name: str) -> bytes:
        target = Path(name).resolve()
        if not any(target.is_relative_to(folder) for folder in roots):
            raise errors.ContractMismatch("The WSDL imports a document from outside its own folder tree.")
        try:
            return target.read_bytes()
        except OSError as error:
            raise errors.ContractMismatch(
                f"The WSDL's file '{target.name}' cannot be read ({error.strerror}). A path in 'request.wsdl' begins "
                "at the job file's folder."
            ) from None

    with _LOCK:
        known = _FILES.get(entry, ())
        try:
            unchanged = _PARSED.get(_digest(Bundle(entry=entry, documents={name: read(name) for name in known})))
        except errors.ContractMismatch:
            unchanged = None  # a file it once imported is gone; what it imports now is read below
        if unchanged is not None:
            return unchanged
        contract = from_reader(entry, read)
        _FILES[entry] = tuple(contract.bundle.documents)
    return contract


def _digest(bundle: Bundle) -> str:
    return hashlib.sha256(bundle.to_bytes()).hexdigest()


def _parse(entry: str, read: Callable[[str], bytes]) -> Contract:
    documents = Documents(read)
    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)
    try:
        document = Document(entry, documents, settings=settings)  # type: ignore[arg-type]  # only load() is called
    except errors.SynError:
        raise
    except Exception as error:  # noqa: BLE001 - zeep raises KeyError, AttributeError and more on a bad WSDL
        raise errors.ContractMismatch(
            f"The vendor's WSDL cannot be used ({type(error).__name__}); give a corrected copy as 'request.wsdl'.",
            code="wsdl_invalid",
        ) from None
    if not document.services:
        # zeep takes any XML for a WSDL that says nothing, also a page that says "closed today": never pin that.
        raise errors.ContractMismatch(
            "The vendor's WSDL cannot be used (it has no service); give a corrected copy as 'request.wsdl'.",
            code="wsdl_invalid",
        )
    bundle = Bundle(entry=entry, documents=MappingProxyType(dict(documents.seen)))
    return Contract(bundle=bundle, document=document)
