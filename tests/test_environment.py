"""environment.yml, pyproject.toml and constraints.txt ask for the same things."""

import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
PINS = {
    requirement.name.lower().replace("_", "-"): requirement
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
    for requirement in [Requirement(line)]
}
WANTED = [
    Requirement(line)
    for line in PROJECT["dependencies"]
    + [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
]


def pip_lines():
    (pip,) = (entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
    return pip


def conda_packages():
    return [
        Requirement(entry.replace("=", "=="))
        for entry in ENVIRONMENT["dependencies"]
        if isinstance(entry, str)
    ]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_every_dependency_is_pinned_to_a_version_that_pyproject_accepts(wanted):
    (pin,) = PINS[wanted.name.lower().replace("_", "-")].specifier
    assert pin.operator == "=="
    assert wanted.specifier.contains(Version(pin.version))


def test_conda_installs_a_python_that_pyproject_accepts():
    (python,) = (entry for entry in conda_packages() if entry.name == "python")
    (pin,) = python.specifier
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(Version(pin.version))


def test_conda_leaves_everything_else_to_pip_and_so_to_pyproject():
    assert {entry.name for entry in conda_packages()} == {"python", "pip"}
    options = dict(line.split(" ", 1) for line in pip_lines())
    assert options["--constraint"] == "constraints.txt"
    assert options["--editable"].startswith(".[")
    extras = options["--editable"][2:].rstrip("]").split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])


def test_files_that_environment_yml_names_exist():
    assert (ROOT / "constraints.txt").is_file()
    assert (ROOT / "pyproject.toml").is_file()
