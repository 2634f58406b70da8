# ruleid: bytes-leave-by-the-guarded-client
import requests

# ruleid: bytes-leave-by-the-guarded-client
from urllib.request import urlopen

# ok: bytes-leave-by-the-guarded-client
from urllib.parse import urlsplit

# ruleid: tls-is-verified
client.get(url, verify=False)
# ok: tls-is-verified
client.get(url, verify=authorities)
# ruleid: tls-is-verified
context.check_hostname = False

# ruleid: no-proxy-or-netrc-of-the-environment
os.environ.get("HTTPS_PROXY")
# ruleid: no-proxy-or-netrc-of-the-environment
netrc.netrc()
# ok: no-proxy-or-netrc-of-the-environment
os.environ.get("HOME")

# ruleid: a-schema-is-checked-without-a-network
jsonschema.validate(payload, schema)
# ruleid: a-schema-is-checked-without-a-network
kind(schema, format_checker=formats)
# ok: a-schema-is-checked-without-a-network
kind(schema, format_checker=formats, registry=Registry())
