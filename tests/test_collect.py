"""What students hand in, as learning platforms give it, and zips that mean harm."""

import dataclasses
import io
import json
import stat
import time
import zipfile
from zoneinfo import ZoneInfo

import pytest
from class_of import ANSWERS, clone, level
from conftest import notebook

from autograder import collect, desk
from autograder.course import LatePolicy

NAME = "every_role"


@pytest.fixture
def course(sample_course, tmp_path):
    (tmp_path / "course").mkdir()
    return clone(sample_course, tmp_path / "course")


@pytest.fixture
def right(sample_bundle):
    return notebook(sample_bundle, {"count_words": ANSWERS["right"]})


@pytest.fixture
def wrong(sample_bundle):
    return notebook(sample_bundle, {"count_words": ANSWERS["wrong"]})


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            entry = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, (2027, 1, 31, 12, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


def taken(course, student):
    return (course.submitted / student / NAME / f"{NAME}.ipynb").read_bytes()


def test_canvas(course, right, wrong, tmp_path):
    source = zipped(tmp_path / "submissions.zip", [
        (f"doejane_12345_67890_{NAME}.ipynb", wrong),
        (f"doejane_12345_67891_{NAME}-1.ipynb", right),
        (f"smithbob_LATE_222_333_{NAME}.ipynb.json", wrong),
    ])
    report = collect.collect(course, NAME, [source])
    assert report.taken == {"doejane": 2, "smithbob": 1} and not report.problems
    assert taken(course, "doejane") == right and taken(course, "smithbob") == wrong
    assert len(list((course.submitted / "doejane" / NAME / "attempts").iterdir())) == 2
    assert not (course.submitted / "smithbob" / NAME / "timestamp.txt").exists()  # Canvas does not say when


def test_moodle(course, right, tmp_path):
    source = zipped(tmp_path / "moodle.zip", [
        (f"Zoë Müller_12345_assignsubmission_file_/{NAME}.ipynb", right),
        (f"Ann Lee_1_assignsubmission_file_/{NAME}.ipynb", right),
        (f"Ann Lee_2_assignsubmission_file_/{NAME}.ipynb", right),
        (f"李雷_77_assignsubmission_file_/{NAME}.ipynb", right),
    ])
    report = collect.collect(course, NAME, [source])
    assert set(report.taken) == {"Zoe-Muller", "Ann-Lee-1", "Ann-Lee-2", "student-77"} and not report.problems
    assert (course.submitted / "Zoe-Muller" / NAME / "timestamp.txt").read_text().startswith("2027-01-")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the clock of this process cannot be set")
@pytest.mark.parametrize("machine", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_moodles_times_are_read_on_the_courses_clock(course, right, tmp_path, monkeypatch, machine):
    course = dataclasses.replace(course, late=LatePolicy(0, (0.5,), 1, ZoneInfo("Europe/Berlin")))
    source = zipped(tmp_path / "moodle.zip", [(f"Ann_12345_assignsubmission_file_/{NAME}.ipynb", right)])
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        collect.collect(course, NAME, [source])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (course.submitted / "Ann" / NAME / "timestamp.txt").read_text() == "2027-01-31 11:00:00 UTC\n"


def test_gradescope_with_a_group(course, right, tmp_path):
    metadata = """submission_12345:
  :submitters:
  - :name: Jane Doe
    :sid: '4711'
    :email: jane@example.org
  - :name: Bob
    :email: bob@example.org
  :created_at: 2027-01-31 22:59:00.5 +01:00
"""
    source = zipped(tmp_path / "gradescope.zip", [
        ("assignment_9_export/submission_metadata.yml", metadata),
        (f"assignment_9_export/submission_12345/{NAME}.ipynb", right),
        (f"assignment_9_export/submission_12346/{NAME}.ipynb", right),
    ])
    report = collect.collect(course, NAME, [source])
    assert set(report.taken) == {"4711", "bob", "student-12346"} and not report.problems
    assert (course.submitted / "bob" / NAME / "timestamp.txt").read_text() == "2027-01-31 21:59:00 UTC\n"


def test_metadata_with_aliases_is_not_followed(course, right, tmp_path):
    bomb = "a: &a [x, x]\nb: [*a, *a]\n"
    files = [("submission_metadata.yml", bomb), (f"submission_5/{NAME}.ipynb", right)]
    report = collect.collect(course, NAME, [zipped(tmp_path / "g.zip", files)], layout="gradescope")
    assert set(report.taken) == {"student-5"} and "submission_metadata.yml" in report.problems


@pytest.mark.parametrize("students, said", [(("ann",), "1 student taken"), (("ann", "bob"), "2 students taken")])
def test_it_says_how_many_were_taken(course, right, tmp_path, capsys, students, said):
    source = zipped(tmp_path / "c.zip", [(f"{student}/{NAME}.ipynb", right) for student in students])
    collect.run(course, NAME, [source], "auto", "last", "none")
    assert capsys.readouterr().out.startswith(f"{said} into ")


def test_folders_and_single_notebooks(course, right, wrong, tmp_path):
    folder = tmp_path / "handed in"
    (folder / "ann" / NAME).mkdir(parents=True)
    (folder / "ann" / NAME / f"{NAME}.ipynb").write_bytes(right)
    (folder / "ann" / NAME / "timestamp.txt").write_text("2027-01-31 10:00:00 UTC\n")
    single = tmp_path / "bob" / f"{NAME}.ipynb"
    single.parent.mkdir()
    single.write_bytes(wrong)
    report = collect.collect(course, NAME, [folder, single])
    assert report.taken == {"ann": 1, "bob": 1} and taken(course, "bob") == wrong
    assert (course.submitted / "ann" / NAME / "timestamp.txt").read_text() == "2027-01-31 10:00:00 UTC\n"


def test_what_was_there_is_kept_and_collecting_again_changes_nothing(course, right, wrong, tmp_path):
    here = course.submitted / "ann" / NAME
    here.mkdir(parents=True)
    (here / f"{NAME}.ipynb").write_bytes(wrong)
    folder = tmp_path / "in" / "ann"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_bytes(right)
    for _ in range(2):
        assert collect.collect(course, NAME, [folder.parent]).taken == {"ann": 2}
    kept = {p.read_bytes() for p in (here / "attempts").glob("*/*.ipynb")}
    assert kept == {right, wrong}


def test_the_best_attempt_counts_when_asked_for(course, right, wrong, tmp_path):
    source = zipped(tmp_path / "c.zip", [
        (f"doejane_1_10_{NAME}.ipynb", right), (f"doejane_1_11_{NAME}-1.ipynb", wrong), (f"doejane_1_12_{NAME}-2.ipynb", b"{"),
    ])
    collect.collect(course, NAME, [source], attempt="best", sandbox=level())
    assert taken(course, "doejane") == right


def test_students_whose_names_differ_in_case_only_are_not_mixed(course, right, wrong, tmp_path):
    source = zipped(tmp_path / "c.zip", [(f"ann/{NAME}.ipynb", right), (f"Ann/{NAME}.ipynb", wrong)])
    report = collect.collect(course, NAME, [source])
    assert set(report.taken) == {"ann"} and "upper and lower case" in report.problems["Ann"][0]
    assert taken(course, "ann") == right


def link(name):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def lying(data):
    """A zip whose entry says it is small."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"ann/{NAME}.ipynb", data)
    text = bytearray(made.getvalue())
    size = len(data).to_bytes(4, "little")
    return bytes(text).replace(size, (1000).to_bytes(4, "little"))


HOSTILE = {
    "parent": ([("ann/../../../../tmp/evil.ipynb", "x")], "leads out"),
    "absolute": ([("/etc/evil.ipynb", "x")], "leads out"),
    "drive": ([("C:/evil.ipynb", "x")], "leads out"),
    "link": ([(link(f"ann/{NAME}.ipynb"), "/etc/passwd")], "link or a device"),
    "bomb": ([(f"ann/{NAME}.ipynb", b"0" * 15_000_000)], "zip bomb"),
    "large": ([(f"ann/{NAME}.ipynb", b"0" * 20_000_001)], "larger than 20 MB"),
    "nested": ([("ann/work.zip", b"PK\x03\x04 and so on")], "zip in itself"),
    "no notebook": ([(f"ann/{NAME}.ipynb", b"print(1)")], "not a notebook"),
    "no student": ([("///.ipynb", "{}"), ("readme.txt", "hello")], ""),
}


def packed(tmp_path, files):
    """The bytes of a zip, as a student hands it in."""
    return zipped(tmp_path / "own.zip", files).read_bytes()


HOSTILE |= {
    "two in its own zip": ([("ann/work.zip", [("a.ipynb", b"{}"), ("b.ipynb", b"{}")])], "with 2 notebooks in it"),
    "none in its own zip": ([("ann/work.zip", [("essay.txt", b"x")])], "with 0 notebooks in it"),
    "a bomb in its own zip": ([("ann/work.zip", [("a.ipynb", b"0" * 15_000_000)])], "zip bomb"),
    "a way out in its own zip": ([("ann/work.zip", [("../../a.ipynb", b"{}")])], "leads out of the zip"),
}


def test_the_zip_that_check_makes_is_the_notebook_in_it(course, right, wrong, tmp_path):
    own = packed(tmp_path, [(f"{NAME}.ipynb", right)])
    source = zipped(tmp_path / "submissions.zip", [
        (f"doejane_12345_67890_{NAME}.ipynb", wrong),
        (f"doejane_12345_67891_{NAME}-hand-in-1.zip", own),
        (f"smithbob_222_333_{NAME}-hand-in.zip", own),
    ])
    report = collect.collect(course, NAME, [source])
    assert report.taken == {"doejane": 2, "smithbob": 1} and not report.problems
    assert taken(course, "doejane") == taken(course, "smithbob") == right


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_zips_write_nothing_outside_and_are_reported(course, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(collect.intake, "LARGEST", 20_000_000)
    files, says = HOSTILE[kind]
    files = [(name, packed(tmp_path, data) if isinstance(data, list) else data) for name, data in files]
    before = {p for p in tmp_path.rglob("*") if course.root not in p.parents}
    source = zipped(tmp_path / "hostile.zip", files)
    report = collect.collect(course, NAME, [source])
    assert report.problems and any(says in text for found in report.problems.values() for text in found), report
    after = {p for p in tmp_path.rglob("*") if course.root not in p.parents}
    assert after - before == {source}
    assert all(not p.is_symlink() for p in course.submitted.rglob("*"))


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_is_reported(course, data, tmp_path):
    (tmp_path / "bad.zip").write_bytes(data)
    report = collect.collect(course, NAME, [tmp_path / "bad.zip"])
    assert not report.taken and (report.problems or data.startswith(b"PK\x05"))


def test_sizes_that_lie_are_not_believed(course, tmp_path):
    (tmp_path / "lie.zip").write_bytes(lying(b" " * 30_000_000))
    report = collect.collect(course, NAME, [tmp_path / "lie.zip"])
    assert report.problems


def test_an_encrypted_or_damaged_notebook_is_reported_and_the_others_are_taken(course, right, tmp_path):
    source = zipped(tmp_path / "c.zip", [(f"ann/{NAME}.ipynb", right), (f"bob/{NAME}.ipynb", right + b" "), (f"cem/{NAME}.ipynb", right + b"  ")])
    data = bytearray(source.read_bytes())
    first = data.find(b"PK\x01\x02")
    data[first + 8] |= 1  # ann's entry says that it is encrypted
    middle = data.find(b"bob/") + 200
    data[middle : middle + 20] = bytes(20)
    source.write_bytes(data)
    report = collect.collect(course, NAME, [source])
    assert set(report.taken) == {"cem"}
    assert "encrypted" in report.problems["ann"][0] and "damaged" in report.problems["bob"][0]


def test_the_same_name_twice_keeps_both(course, right, wrong, tmp_path):
    with pytest.warns(UserWarning):
        source = zipped(tmp_path / "c.zip", [(f"ann/{NAME}.ipynb", wrong), (f"ann/{NAME}.ipynb", right)])
    report = collect.collect(course, NAME, [source])
    assert report.taken == {"ann": 2} and taken(course, "ann") == right
    assert any("twice" in text for found in report.problems.values() for text in found)


def test_a_name_with_a_nul_is_refused(course, right, tmp_path):
    source = zipped(tmp_path / "c.zip", [(f"ann/{NAME}.ipynbX", right)])
    source.write_bytes(source.read_bytes().replace(b".ipynbX", b".ipynb\0"))
    report = collect.collect(course, NAME, [source])
    assert not report.taken and any("NUL" in text for found in report.problems.values() for text in found)


def test_a_collected_notebook_is_graded_and_its_new_name_noted(course, right, tmp_path):
    source = zipped(tmp_path / "c.zip", [("doejane_1_2_my homework.ipynb", right)])
    assert not collect.collect(course, NAME, [source]).problems
    (one,), refused = desk.submissions(course, NAME)
    assert "my homework.ipynb" in one.note and not refused and json.loads(one.path.read_bytes())


def test_who_has_no_time_of_handing_in_is_named_and_a_time_written_by_hand_stays(course, right, wrong, tmp_path, capsys):
    import datetime as dt

    due = dataclasses.replace(course.assignment(NAME), due=dt.datetime(2027, 1, 31, tzinfo=dt.UTC))
    course = dataclasses.replace(course, assignments=(due,), late=LatePolicy(0, (0.5,), 1))
    files = [(f"doejane_1_2_{NAME}.ipynb", right), (f"smithbob_LATE_3_4_{NAME}.ipynb", wrong)]

    def collected():
        collect.run(course, NAME, [zipped(tmp_path / "c.zip", files)], "auto", "last", "none")
        return capsys.readouterr().out

    assert "2 of them have no time of handing in and count as in time" in collected()
    stamp = course.submitted / "smithbob" / NAME / "timestamp.txt"
    stamp.write_text("2027-01-31 12:00:00 UTC\n")
    assert "1 of them has no time of handing in and counts as in time" in collected() and stamp.exists()
    files[1] = (f"smithbob_LATE_3_5_{NAME}-1.ipynb", right)
    assert "2 of them have no time" in collected() and not stamp.exists()
