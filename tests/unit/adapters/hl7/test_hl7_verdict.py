"""What becomes of a message by what an engine answers: a yes has its code, our control id and a receipt."""

from __future__ import annotations

import pytest
from tests.unit.adapters.hl7.engines import ack, adapter_at, engine, err, framed, tenant
from tests.unit.adapters.liar import KEY

from hms_syn import errors

OTHER = "00000000-8a8e-4d0f-9d58-3d1f0b6f9a11"
STORED_IS_ENOUGH = {"success": {"MSA_1": ["AA", "CA"]}}
NUMBERED = {"ack": {"reference": "ORC_3_1"}, "success": {"ORC_1": ["OK"]}}


def answered(script, *, attempt=0, **push):
    """Return the receipt, or the error, that this answer comes to."""
    with engine(script) as told:
        adapter = adapter_at(told.port, **push)
        try:
            found = adapter.send(tenant(attempt=attempt))
        except errors.SynError as caught:
            error = caught
        else:
            return found.reference, found.status
        finally:
            adapter.close()
    assert "Roe" not in str(error)
    return type(error), error.code


@pytest.mark.parametrize(
    ("said", "push", "receipt"),
    [
        (ack(), {}, ("CHART-1", "AA")),
        (ack("AA", KEY, err("0", "I")), {}, ("CHART-1", "AA")),
        (ack("AA", KEY, err("101", "W")), {}, ("CHART-1", "AA")),
        (ack("CA"), STORED_IS_ENOUGH, ("CHART-1", "CA")),
        (ack("AA", KEY, "ORC|OK||FILLER-7^LAB"), NUMBERED, ("FILLER-7", "AA")),
        (ack(number=""), {"ack": {"reference": "MSA_2", "status": "MSH_9_2"}}, (KEY, "A31")),
        (ack().replace(b"|", b"#").replace(b"^", b"!"), {}, ("CHART-1", "AA")),
        (ack().replace(b"\r", b"\r\n").replace(b"\x1c\r\n", b"\x1c\r"), {}, ("CHART-1", "AA")),
        (ack(msa="|Gr\u00fc\u00dfe").replace(b"\xc3\xbc", b"\xfc"), {}, ("CHART-1", "AA")),
        (ack("AA ", f" {KEY} "), {}, ("CHART-1", "AA")),
        (ack(msa="|200"), {}, ("CHART-1", "AA")),
        (ack(number=r"CHART\F\1\X0A\2"), {}, (r"CHART|1\n2", "AA")),
    ],
)
def test_a_yes_is_a_receipt(said, push, receipt):
    assert answered(said, **push) == receipt


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (ack("AA", OTHER), "other_message"),
        (ack("AA", ""), "other_message"),
        (ack("AA", KEY.upper()), "other_message"),
        (ack("AE", OTHER, err("101")), "other_message"),
        (ack("AA", KEY[:20]), "control_id_cut"),
        (ack("CA"), "stored_only"),
        (ack("aa"), "ack_code"),
        (ack("OK"), "ack_code"),
        (ack(""), "ack_code"),
        (ack("AA", KEY, err("207")), "ack_contradicts_itself"),
        (ack("AA", KEY, err("103", "")), "ack_contradicts_itself"),
        (ack(number=""), "ack_missing"),
        (ack(number="  "), "ack_missing"),
        (framed(f"MSA|AA|{KEY}\r"), "bad_hl7"),
        (framed("MSH|^~\\&|CLINIC||HUD||20240801||ACK|7|P|2.5.1\r"), "bad_hl7"),
        (ack("AA", KEY, f"MSA|AA|{OTHER}"), "bad_hl7"),
        (ack("AA", KEY, "MSH|^~\\&|CLINIC"), "bad_hl7"),
        (ack().replace(b"^~\\&", b"^^\\&"), "bad_hl7"),
        (framed(f"MSH|\rMSA|AA|{KEY}\r"), "bad_hl7"),
        (framed("<html>busy</html>"), "bad_hl7"),
        (framed(""), "bad_hl7"),
    ],
)
def test_what_is_no_clear_yes_or_no_proves_nothing(said, code):
    assert answered(said) == (errors.OutcomeUnknown, code)


@pytest.mark.parametrize(
    ("said", "error", "code"),
    [
        (ack("AE"), errors.VendorRefused, "hl7_ae"),
        (ack("CE"), errors.VendorRefused, "hl7_ce"),
        (ack("AE", KEY, err("101")), errors.VendorRefused, "hl7_101"),
        (ack("AR", KEY, err("204")), errors.VendorRefused, "hl7_204"),
        (ack("AE", KEY, err("205")), errors.VendorRefused, "hl7_205"),
        (ack("AE", KEY, "ERR|PID^1^3^102&Data type error&HL70357"), errors.VendorRefused, "hl7_102"),
        (ack("AE", msa="|||103^Table value not found"), errors.VendorRefused, "hl7_ae"),
        (ack("AE", msa="||||103^Table value not found"), errors.VendorRefused, "hl7_103"),
        (ack("AE", msa="|207"), errors.VendorBusy, "hl7_207"),
        (ack("AE", KEY, err("Ms Roe")), errors.VendorRefused, "hl7_ae"),
        (ack("AR", KEY, err("500")), errors.VendorBusy, "hl7_ar"),
        (ack("AR"), errors.VendorBusy, "hl7_ar"),
        (ack("CR"), errors.VendorBusy, "hl7_cr"),
        (ack("AE", KEY, err("207")), errors.VendorBusy, "hl7_207"),
        (ack("AR", KEY, err("206")), errors.VendorBusy, "hl7_206"),
        (ack("AE", KEY, err("207"), err("101")), errors.VendorRefused, "hl7_101"),
        (ack("AE", KEY, err("207", "I"), err("102")), errors.VendorRefused, "hl7_102"),
        (ack("AR", KEY, err("101"), err("203")), errors.ContractMismatch, "hl7_203"),
        (ack("CR", KEY, err("200")), errors.ContractMismatch, "hl7_200"),
    ],
)
def test_a_no_is_the_messages_fault_the_jobs_or_the_moments(said, error, code):
    """An error beside it decides; without one AE and CE refuse the message, and AR and CR only put it off."""
    assert answered(said) == (error, code)


def test_known_already_after_an_attempt_of_ours_is_a_doubt():
    """The record may be what the earlier attempt has made: neither a refusal nor a receipt."""
    assert answered(ack("AE", KEY, err("205")), attempt=1) == (errors.OutcomeUnknown, "hl7_205")


def test_another_word_than_the_declared_proof_is_a_refusal():
    assert answered(ack("AA", KEY, "ORC|UA||FILLER-7"), **NUMBERED) == (errors.VendorRefused, "proof_failed")
    assert answered(ack(), **NUMBERED) == (errors.OutcomeUnknown, "proof_missing")
