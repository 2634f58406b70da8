# ruleid: a-moment-has-a-zone
datetime.utcnow()
# ruleid: a-moment-has-a-zone
datetime.now()
# ok: a-moment-has-a-zone
datetime.now(timezone.utc)

# ruleid: leases-go-by-the-databases-clock
time.time()
# ok: leases-go-by-the-databases-clock
time.monotonic()

# ruleid: no-log-holds-a-payload-or-a-secret
log.info("sent %s", payload)
# ruleid: no-log-holds-a-payload-or-a-secret
self.log.info("sent %s", message.body)
# ok: no-log-holds-a-payload-or-a-secret
log.info("sent %s", message.id)

# ruleid: no-error-is-swallowed-whole
try:
    send()
except Exception:
    pass
# ok: no-error-is-swallowed-whole
try:
    send()
except OSError:
    pass

# ruleid: secrets-come-from-secrets
api_key = str(random.random())
# ok: secrets-come-from-secrets
jitter = random.random()

# ruleid: tasks-reach-no-metadata-by-the-orm
from airflow.settings import Session
# ruleid: tasks-reach-no-metadata-by-the-orm
Variable.get("court")
# ok: tasks-reach-no-metadata-by-the-orm
from airflow.sdk import BaseOperator
