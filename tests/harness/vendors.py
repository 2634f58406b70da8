"""The sandbox's three vendors as the sample jobs meet them: a court, a payment gateway, a hospital."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.sandbox import court_soap, hospital_fhir, payments_rest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.sandbox.manners import ModeOf

SECRET, TOKEN = "s3cret +%: ü", "t0ken-0123456789"


@dataclass(frozen=True, kw_only=True)
class Vendors:
    """What they have on record, how they behave, and where they are."""

    court: court_soap.Court
    gateway: payments_rest.Gateway
    tokens: payments_rest.Tokens
    hospital: hospital_fhir.Hospital
    manners: dict[str, ModeOf]
    environment: dict[str, str]
    connections: dict[str, dict]


@contextmanager
def vendors() -> Iterator[Vendors]:
    """Serve all three in this process; what they accept has its last status at once."""
    court = court_soap.Court(schedule_after=0, confirm_after=0)
    gateway = payments_rest.Gateway(confirm_after=0)
    hospital = hospital_fhir.Hospital(accept_after=0, complete_after=0)
    tokens = payments_rest.Tokens("hms-syn", SECRET)
    manners = {
        "court": court_soap.Manners(),
        "payments": payments_rest.manners(),
        "hospital": hospital_fhir.manners(),
    }
    with ExitStack() as stack:
        soap = stack.enter_context(court_soap.serve(court, manners=manners["court"]))
        rest = stack.enter_context(payments_rest.serve(gateway, tokens=tokens, manners=manners["payments"]))
        fhir = stack.enter_context(hospital_fhir.serve(hospital, token=TOKEN, manners=manners["hospital"]))
        oauth = {"auth": "oauth2_client_credentials", "token_url": f"{rest}/token", "scope": "holds"}
        yield Vendors(
            court=court,
            gateway=gateway,
            tokens=tokens,
            hospital=hospital,
            manners=manners,
            environment={
                "COURT_ENDPOINT": f"{soap}/soap",
                "PAYMENTS_ENDPOINT": rest,
                "HOSPITAL_ENDPOINT": f"{fhir}/fhir",
            },
            connections={
                "state_payments": {"conn_type": "hms_rest", "login": "hms-syn", "password": SECRET, "extra": oauth},
                "hospital_records": {"conn_type": "hms_fhir", "password": TOKEN, "extra": {"auth": "bearer"}},
            },
        )
