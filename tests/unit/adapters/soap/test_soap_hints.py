"""A name that the vendor's contract does not have is answered with the one that was probably meant."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from tests.unit.adapters.liar import PEERS

from hms_syn.cli.main import main


@pytest.mark.parametrize(
    ("operation", "hint"),
    [("ScheduleHearings", "did you mean 'ScheduleHearing'? It has:"), ("Withdraw", "no operation 'Withdraw'. It has:")],
)
def test_an_operation_is_guessed(tmp_path, capsys, operation, hint):
    mapping = {"CaseID": "case_id", "DateOfHearing": "date"}
    assert hint in problems(tmp_path, capsys, {"operation": operation}, mapping)


@pytest.mark.parametrize(
    ("field", "hint"), [("CaseIDs", "did you mean 'CaseID'?"), ("dateOfHearings", "did you mean 'DateOfHearing'?")]
)
def test_a_field_of_the_mapping_is_guessed(tmp_path, capsys, field, hint):
    fields = {"CaseID": "case_id", "DateOfHearing": "date"}
    mapping = {**{name: path for name, path in fields.items() if name not in hint}, field: "case_id"}
    assert hint in problems(tmp_path, capsys, {"operation": "ScheduleHearing"}, mapping)


def problems(folder, capsys, request, mapping):
    """Return what lint says of such a job, without a network."""
    shutil.copy(PEERS / "court.wsdl", folder)
    job = {
        "name": "HUD → Court",
        "push_adapter": "oracle.soap.v1",
        "source_topic": "hud.hearing.created",
        "target_endpoint": "https://court.example.gov/soap",
        "push": {"request": {"wsdl": "court.wsdl", **request}, "mapping": mapping},
    }
    (folder / "court.yaml").write_text(yaml.safe_dump({"job": job}), encoding="utf-8")
    main(["lint", str(folder / "court.yaml"), "--format", "json"])
    return " ".join(row["text"] for row in json.loads(capsys.readouterr().out))
