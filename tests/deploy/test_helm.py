"""The example for the official Helm chart: sound YAML, the same settings as the Compose file, and no secret in it."""

from __future__ import annotations

import re

import yaml
from tests.docs import pages

VALUES = pages.DOCS / "examples" / "helm-values.yaml"
COMPOSE = pages.ROOT / "docker-compose.yaml"
BY_THE_CHART = {
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__EXECUTOR",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT",
}
"""Addresses and health checks are the chart's own, and yours."""
SECRETS = {
    "AIRFLOW__API__SECRET_KEY": "apiSecretKeySecretName",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwtSecretName",
    "AIRFLOW__CORE__FERNET_KEY": "fernetKeySecretName",
    "AIRFLOW__CELERY__BROKER_URL": "data.brokerUrlSecretName",
    "AIRFLOW__CELERY__RESULT_BACKEND": "data.resultBackendSecretName",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "data.metadataSecretName",
    "AIRFLOW_CONN_HMS_SYN_DB": "secret",
}
"""What holds a secret in the Compose file, and the chart's own place for the name of one."""


def values():
    return yaml.safe_load(VALUES.read_text(encoding="utf-8"))


def by_compose():
    """Return the settings of every component, with the defaults of what is left to the operator."""
    found = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["x-airflow"]["environment"]
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in found.items()}


def test_a_deployment_by_helm_has_the_settings_of_one_by_compose():
    wanted = {name: value for name, value in by_compose().items() if name not in BY_THE_CHART | set(SECRETS)}
    assert {each["name"]: each["value"] for each in values()["env"]} == wanted


def test_everything_that_is_secret_is_named_and_not_written():
    given = values()
    for name, place in SECRETS.items():
        where = given
        for part in place.split("."):
            where = where[part]
        if place == "secret":
            assert [(one["envName"], set(one)) for one in where] == [(name, {"envName", "secretName", "secretKey"})]
        else:
            assert re.fullmatch(r"[a-z-]+", where)
    assert not re.search(r"password|://", VALUES.read_text(encoding="utf-8").partition("defaultAirflow")[2])


def test_the_values_are_strings_as_the_chart_wants_them():
    assert {type(each["value"]) for each in values()["env"]} == {str}
    assert values()["volumeMounts"][0]["mountPath"] == by_compose()["AIRFLOW__HMS_SYN__JOBS_FOLDER"]
