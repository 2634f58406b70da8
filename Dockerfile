# Airflow with HMS-SYN in it: the wheel is built here and installed with the versions the tests run with.
ARG AIRFLOW_TAG=3.3.2-python3.12

FROM apache/airflow:${AIRFLOW_TAG} AS wheel
WORKDIR /tmp/hms-syn
COPY --chown=airflow:0 pyproject.toml README.md LICENSE ./
COPY --chown=airflow:0 plugins ./plugins
COPY --chown=airflow:0 jobs ./jobs
COPY --chown=airflow:0 dags ./dags
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /tmp/wheels .

FROM apache/airflow:${AIRFLOW_TAG}
# Airflow is named beside the wheel, so that pip cannot take another version of it.
RUN --mount=type=bind,from=wheel,source=/tmp/wheels,target=/tmp/wheels \
    --mount=type=bind,source=constraints.txt,target=/tmp/constraints.txt \
    pip install --no-cache-dir --constraint /tmp/constraints.txt "apache-airflow==${AIRFLOW_VERSION}" \
      "$(echo /tmp/wheels/hms_syn-*.whl)[celery,fab,fhir,hl7,openlineage,oracle,postgres,sftp]"
# A broken pair of celery and its provider is found out now, and not by a scheduler that will not start.
RUN python -c "import hms_syn, psycopg, airflow.providers.celery.executors.celery_executor"
