#!/bin/sh
# What CI runs, and you before you push: every job is sound, and each example event fits its vendor. Nothing is sent.
set -eu
cd "$(dirname "$0")"
export AIRFLOW_HOME="$PWD/.airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__CORE__DAGS_FOLDER="$PWD/dags" AIRFLOW__HMS_SYN__JOBS_FOLDER="$PWD/jobs"

hms-syn lint --offline --format "${1:-text}" jobs
airflow db migrate
for event in events/*.json; do
  job=$(basename "$event" .json)
  airflow dags test "syn.$job.push" --conf "{\"dry_run\": true, \"publish\": [$(cat "$event")]}"
done
