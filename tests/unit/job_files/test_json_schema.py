"""The schema that editors read: it allows every sound file, and marks what the reader would not take."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from hms_syn.job_files import json_schema, load_job
from hms_syn.job_files.meanings import MEANINGS
from hms_syn.job_files.model import SECTIONS, JobFile, keys_of

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "jobs").glob("*.yaml"))
ADAPTERS = ("oracle.soap.v1", "rest.json.v1")
SCHEMA = json_schema.schema(ADAPTERS)
WRONG = {
    "an unknown key": "job: {nmae: x}",
    "an unknown key below": "job: {push: {batchsize: 3}}",
    "a number that is none": "job: {push: {batch_size: many}}",
    "too large a number": "job: {push: {concurrency: 5000}}",
    "a duration without a unit": "heartbeat_interval: '30'",
    "a word that is not one of its words": "job: {on_refused: ignore}",
    "an alert that is none": "job: {alerts: {when: [fire]}}",
    "a yes": "job: {enabled: 'yes'}",
    "a key of a later release": "job: {retention: {audit: 7y}}",
}


def faults(text: str) -> list[str]:
    return [fault.message for fault in jsonschema.Draft7Validator(SCHEMA).iter_errors(yaml.safe_load(text))]


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert len(json.dumps(SCHEMA)) < 64_000


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.name)
def test_every_sample_fits(file):
    assert faults(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_marked_and_lint_sees_it_too(name, tmp_path):
    """What an editor marks is never something that the reader takes."""
    assert faults(WRONG[name])
    (tmp_path / "job.yaml").write_text(WRONG[name], encoding="utf-8")
    with pytest.raises(Exception, match=r"job\.yaml"):
        load_job(tmp_path / "job.yaml", adapters=ADAPTERS)


@pytest.mark.parametrize(
    "text", ["job: {heartbeat: false}", "job: {pull: {cursor: {overlap: 0}}}", "job: {push_adapter: my.own.v1}"]
)
def test_what_is_allowed_beside_the_usual_is_not_marked(text):
    assert faults(text) == []


def test_it_can_stand_in_a_catalog_of_schemas():
    """A name by which it is known, a title, and for each key, wherever it stands, what an editor shows beside it."""
    assert SCHEMA["$id"] == json_schema.ENTRY["url"]
    assert (SCHEMA["title"], SCHEMA["description"][:10]) == ("HMS-SYN job", "One job of")
    mute = [
        f"{name}.{key}"
        for name, shape in {"": SCHEMA, **SCHEMA["definitions"]}.items()
        for key, one in shape["properties"].items()
        if not any(words_of(part) for part in (one, *one.get("anyOf", ())))
    ]
    assert mute == []


def words_of(shape):
    """Return the description of a shape, or of the definition that it is."""
    definition = SCHEMA["definitions"].get(shape.get("$ref", "").rpartition("/")[2], {})
    return shape.get("description") or definition.get("description")


def test_the_page_shows_the_entry_of_the_catalog():
    page = (ROOT / "docs" / "write-a-job.md").read_text(encoding="utf-8")
    [block] = [part.partition("```")[0] for part in page.split("```json\n")[1:] if "fileMatch" in part]
    assert json.loads(block) == json_schema.ENTRY


def test_every_key_has_its_words():
    """A hover text for each key, and no text for a key that is gone."""
    keys = {".".join((*path, key)) for path, section in SECTIONS.items() for key in keys_of(section)}
    known = keys - {".".join(path) for path in SECTIONS} - {"job.retention.audit"}
    assert known == set(MEANINGS)
    assert JobFile in SECTIONS.values()
