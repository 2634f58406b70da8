"""A process whose names lead where we like: with a hosts file and a resolver of its own, and no network but itself.

``told("rebinding", folder)`` runs the function of that name over there and returns what it said.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.unit.adapters.liar import court, court_job, hearing, http, liar

from hms_syn import errors
from hms_syn.adapters.http_client import GuardedClient
from hms_syn.domain.job_spec import Push

ROOT = Path(__file__).parents[3]
NAME = "court.example.gov"
_BIND = 4096  # MS_BIND


@cache
def _unshare() -> list[str]:
    for options in (["--mount", "--net"], ["--map-root-user", "--mount", "--net"]):
        command = ["unshare", *options]
        try:
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
        except FileNotFoundError:
            break
    return []


def told(scenario: str, folder: Path) -> Any:
    """Run a scenario in its own world, its files in a folder; skip where the system gives us none."""
    if not _unshare():
        pytest.skip("this system gives a test no namespace of its own")
    done = subprocess.run(
        [*_unshare(), sys.executable, "-m", "tests.unit.adapters.other_names", scenario],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _over(target: str, text: str) -> None:
    """Put a file of ours over one of the system's; only this process and its children see it."""
    path = Path(target)
    if not path.is_mount():
        own = Path(tempfile.mkdtemp()) / path.name
        own.write_text("", encoding="ascii")
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(str(own).encode(), target.encode(), None, _BIND, None):
            raise OSError(ctypes.get_errno(), "mount")
    path.write_text(text, encoding="ascii")


def hosts(*lines: str) -> None:
    _over("/etc/hosts", "".join(f"{line}\n" for line in lines))


def _ask(one: GuardedClient, url: str) -> str:
    try:
        return str(one.request("POST", url, headers={}, body=b"hello").status)
    except errors.SynError as error:
        return f"{type(error).__name__} {error.code}"


def _client(url: str, *allow: str, timeout: float = 1.0) -> GuardedClient:
    return GuardedClient(url, allow_private=allow, timeout=timeout, max_response_bytes=1000)


def rebinding() -> Any:
    """Ask an allowed address by its name, then let the name lead to one that is not, and back."""
    with liar(http(), host="127.0.0.1") as vendor:
        port = vendor.origin.rpartition(":")[2]
        with socket.create_server(("127.0.0.2", int(port))) as canary:
            canary.settimeout(0)
            url, said = f"http://{NAME}:{port}/", []
            one = _client(url, "127.0.0.1/32")
            for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1"):
                hosts(f"{address} {NAME}")
                said.append(_ask(one, url))
                one.close()
            try:
                canary.accept()
                said.append("canary heard")
            except BlockingIOError:
                said.append("canary silent")
    return said


def two_addresses() -> Any:
    """Let a name lead to one address that is not allowed and one that is; count who was called."""
    with liar(http(), host="127.0.0.1") as vendor:
        port = int(vendor.origin.rpartition(":")[2])
        with socket.create_server(("127.0.0.2", port)) as canary:
            canary.settimeout(0)
            hosts(f"127.0.0.2 {NAME}", f"127.0.0.1 {NAME}")
            said = [_ask(_client(f"http://{NAME}:{port}/", "127.0.0.1/32"), f"http://{NAME}:{port}/")]
            try:
                canary.accept()
            except BlockingIOError:
                said.append("canary silent")
    return said


def inward_names() -> Any:
    """Give innocent names addresses on the inside; every way out of an adapter must refuse them."""
    inside = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:127.0.0.1", "fd00:ec2::254",
              "224.0.0.1", "0.0.0.0", "64:ff9b::7f00:1", "2002:7f00:1::1", "::7f00:1", "fec0::1"]  # fmt: skip
    said = {}
    for address in inside:
        hosts(f"{address} {NAME}")
        job = court_job(f"http://{NAME}", allow_private=(), push=Push(timeout=1.0))
        told_by = []
        for act in ("send", "ping"):
            adapter = court(job)
            try:
                told_by.append(adapter.send(hearing()) if act == "send" else adapter.ping())
            except errors.SynError as error:
                told_by.append(f"{type(error).__name__} {error.code}")
        said[address] = told_by
    return said


def unreachable() -> Any:
    """Ask a public address in a world without a network."""
    hosts(f"8.8.8.8 {NAME}")
    return _ask(_client(f"http://{NAME}/"), f"http://{NAME}/")


def silent_resolver() -> Any:
    """Ask for a name of which the resolver never says anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        hosts("127.0.0.1 localhost")
        _over("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:5\n")
        started = time.monotonic()
        said = _ask(_client(f"http://{NAME}/"), f"http://{NAME}/")
        return [said, time.monotonic() - started]


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # SIOCSIFFLAGS: up and running


if __name__ == "__main__":
    _raise_loopback()
    scenarios = (rebinding, two_addresses, inward_names, unreachable, silent_resolver)
    print(json.dumps({each.__name__: each for each in scenarios}[sys.argv[1]]()), flush=True)
    os._exit(0)  # a thread may still wait for the silent resolver
