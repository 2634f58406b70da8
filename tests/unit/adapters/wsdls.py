"""Small WSDLs made to order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.adapters.soap import soap_contract

if TYPE_CHECKING:
    from hms_syn.adapters.soap.soap_shape import Shape

NAMESPACE = "urn:test"


def element(name: str, type_: str = "xs:string", *, low: int = 1, high: str = "1") -> str:
    """Declare one element."""
    return f'<xs:element name="{name}" type="{type_}" minOccurs="{low}" maxOccurs="{high}"/>'


def wrapped(name: str, inner: str, *, high: str = "1") -> str:
    """Declare one element with elements inside."""
    return (
        f'<xs:element name="{name}" maxOccurs="{high}"><xs:complexType><xs:sequence>{inner}</xs:sequence>'
        f"</xs:complexType></xs:element>"
    )


def wsdl(address: str = "http://198.51.100.9/", imports: str = "", **operations: tuple[str, str]) -> str:
    """Write a WSDL with these operations: name=(input elements, output elements)."""
    types = messages = ports = bindings = ""
    for name, sides in operations.items():
        for tag, content in zip((name, f"{name}Response"), sides, strict=True):
            types += wrapped(tag, content).replace(' maxOccurs="1"', "", 1)
            messages += f'<message name="{tag}"><part name="p" element="t:{tag}"/></message>'
        ports += f'<operation name="{name}"><input message="t:{name}"/><output message="t:{name}Response"/></operation>'
        bindings += (
            f'<operation name="{name}"><soap:operation soapAction="{name}"/><input><soap:body use="literal"/></input>'
            f'<output><soap:body use="literal"/></output></operation>'
        )
    return (
        f'<definitions targetNamespace="{NAMESPACE}" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="{NAMESPACE}"'
        f' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema"><types>'
        f'<xs:schema targetNamespace="{NAMESPACE}" elementFormDefault="qualified">{imports}{types}</xs:schema></types>'
        f'{messages}<portType name="P">{ports}</portType><binding name="B" type="t:P"><soap:binding style="document"'
        f' transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</binding><service name="S"><port name="P"'
        f' binding="t:B"><soap:address location="{address}"/></port></service></definitions>'
    )


def shapes(**operations: tuple[str, str]) -> list[Shape]:
    """Return the operations of such a WSDL as the adapter sees them."""
    text = wsdl(**operations).encode()
    return soap_contract.from_reader("http://wsdl.test/", lambda _url: text).shapes()


def shape(inputs: str, outputs: str = element("Reference"), *, name: str = "CreateHearing") -> Shape:
    """Return the one operation of such a WSDL."""
    return shapes(**{name: (inputs, outputs)})[0]
