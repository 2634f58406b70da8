"""The pretend court as a command."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.unit.sandbox.letters import ask, create, enter
from zeep.wsse.username import UsernameToken


def command(*arguments, **environment):
    paths = {"PYTHONPATH": str(Path(__file__).parents[3] / "plugins")}
    return subprocess.Popen(
        [sys.executable, "-m", "hms_syn.sandbox.court_soap", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | paths | environment,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_end(number):
    """It prints its address in one line and ends with 0 on either signal."""
    with command("--port", "0") as process:
        url = re.fullmatch(r"court listening on (http://127\.0\.0\.1:\d+)\n", process.stdout.readline()).group(1)
        assert ask(url, "GET", "/health")[2] == b"ok"
        process.send_signal(number)
        assert (process.wait(5), process.stdout.read(), process.stderr.read()) == (0, "", "")


def test_a_port_that_somebody_has_is_named_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken, command("--port", str(taken.getsockname()[1])) as process:
        assert process.wait(10) == 1
        assert "choose another port with --port, or 0 for a free one" in process.stderr.read()


def test_the_password_can_come_from_the_environment():
    """With --user and COURT_PASSWORD the court lets only its user in."""
    with command("--port", "0", "--user", "hud", COURT_PASSWORD="s3cret") as process:
        url = process.stdout.readline().split()[-1]
        assert enter(url, UsernameToken("hud", "s3cret", use_digest=True)).status == "ACCEPTED"
        assert create(url)[0] == 401
        process.terminate()


def test_a_user_without_a_password_is_wrong_usage():
    """A court that would let nobody or everybody in does not start."""
    with command("--port", "0", "--user", "hud", COURT_PASSWORD="") as process:
        assert (process.wait(10), "COURT_PASSWORD" in process.stderr.read()) == (2, True)


def test_a_taken_port_is_said_in_one_line(url):
    """The error names what is wrong, without a traceback."""
    with command("--port", str(urlsplit(url).port)) as process:
        assert (process.wait(10), process.stderr.read().count("\n")) == (1, 1)
