"""The demo's folder, which holds payloads, logs, a signing key and an admin's password."""

from __future__ import annotations

import socket
import stat

from hms_syn.cli import demo
from hms_syn.cli.main import main


def test_the_demos_folder_is_for_its_owner_only(tmp_path):
    home = tmp_path / "home"
    demo._make_room(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_port_that_somebody_has_is_said_before_anything_starts(tmp_path, monkeypatch, capsys):
    """Another Airflow at that port would else be taken for the demo's own."""
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 1
    assert f"port {port} is in use; choose another with --port" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
