"""The demo's folder, which holds payloads, logs, a signing key and an admin's password."""

from __future__ import annotations

import stat

from hms_syn.cli import demo


def test_the_demos_folder_is_for_its_owner_only(tmp_path):
    home = tmp_path / "home"
    demo._make_room(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
