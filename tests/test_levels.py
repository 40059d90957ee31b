"""Which level of isolation is chosen, and that no choice is silent."""

import pytest

from autograder.sandbox import levels


@pytest.fixture
def machine(monkeypatch):
    """Makes the probes of all levels but the given ones fail."""

    def able(*working):
        for level, probe in (("rooms", "rooms_work"), ("house", "house_works"), ("landlock", "landlock_works")):
            monkeypatch.setattr(levels, probe, lambda level=level: None if level in working else f"no {level} today")

    return able


@pytest.mark.parametrize(
    "working, chosen",
    [
        (["rooms", "house", "landlock"], "rooms"),
        (["house", "landlock"], "house"),
        (["landlock"], "landlock"),
    ],
)
def test_the_first_level_that_works_is_chosen(machine, working, chosen):
    machine(*working)
    assert levels.choose("auto") == chosen


def test_where_no_level_works_none_must_be_asked_for(machine):
    machine()
    with pytest.raises(levels.SandboxUnavailable, match="no rooms today.*no house today.*no landlock today.*--sandbox none"):
        levels.choose("auto")
    assert levels.choose("none") == "none"


def test_a_level_that_is_asked_for_is_not_replaced_by_another(machine):
    machine("rooms", "landlock")
    with pytest.raises(levels.SandboxUnavailable, match="no house today"):
        levels.choose("house")
    assert levels.choose("landlock") == "landlock"


def test_an_unknown_level_is_refused_with_those_there_are():
    with pytest.raises(levels.SandboxUnavailable, match="auto, rooms, house, landlock, none"):
        levels.choose("docker")


def test_without_bubblewrap_the_reason_says_so(monkeypatch):
    monkeypatch.setattr(levels.shutil, "which", lambda tool: None)
    assert "bwrap is not installed" in levels.rooms_work() and "bwrap is not installed" in levels.house_works()


def test_a_refused_probe_is_told_with_what_the_system_said():
    assert levels._tried(["sh", "-c", "echo no such luck >&2; exit 1"], "namespaces") == "namespaces: refused (no such luck)"
    assert "does not start" in levels._tried(["/does/not/exist"], "namespaces")
