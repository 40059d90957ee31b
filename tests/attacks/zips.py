"""What a student hands in so that `collect` takes it for somebody else's, or for earlier, or takes nobody's.

Everything below a student's own folder is the student's: names of folders, times, lists of submissions.
"""

from dataclasses import dataclass, field

NAME = "every_role"
N = f"{NAME}.ipynb"
ALICE, BOB, CARL = (f"{who}_{number}_assignsubmission_file_/" for who, number in (("Alice", 1), ("Bob", 2), ("Carl", 3)))
LATER = b"2030-01-01 00:00:00 UTC\n"
EARLIER = b"2020-01-01 00:00:00 UTC\n"


def submitters(**numbers):
    """Gradescope's list of submissions: student -> number."""
    return "".join(f"submission_{number}:\n  :submitters:\n  - :sid: {who}\n" for who, number in numbers.items()).encode()


MOODLE = {ALICE + N: b"alice", BOB + N: b"bob", CARL + N: b"carl"}
GRADESCOPE = {"submission_metadata.yml": submitters(Alice=1, Bob=2, Carl=3)}
GRADESCOPE |= {f"submission_{number}/{N}": who for number, who in ((1, b"alice"), (2, b"bob"), (3, b"carl"))}
NBGRADER = {f"{who}/{NAME}/{N}": who.lower().encode() for who in ("Alice", "Bob", "Carl")}
FOLDERS = {f"{who}/{N}": who.lower().encode() for who in ("Alice", "Bob", "Carl")}
CANVAS = {f"{who}_{number}_{number}_{N}": who.lower().encode() for number, who in enumerate(("Alice", "Bob", "Carl"))}


def below(folder, files):
    return {folder + name: data for name, data in files.items()}


@dataclass(frozen=True)
class Hijack:
    """Files of a class of three, in which each hands in their own name; and those that Alice adds to her own.

    years: what year the times of handing in say, of those that are known."""

    name: str
    files: dict
    added: dict
    years: dict = field(default_factory=dict)

    def __str__(self):
        return self.name


IN_2027 = dict.fromkeys(("Alice", "Bob", "Carl"), 2027)  # as the dates in the zip say
HIJACKS = [
    Hijack("Moodle: a time of her own", MOODLE, {f"{ALICE}timestamp.txt": EARLIER}, IN_2027),
    Hijack("Moodle: a folder like Bob's", MOODLE, {f"{ALICE}{BOB}{N}": b"evil", f"{ALICE}{BOB}timestamp.txt": LATER}, IN_2027),
    Hijack("Moodle: a folder like another Bob's", MOODLE, {f"{ALICE}Bob_9_assignsubmission_file_/{N}": b"evil"}, IN_2027),
    Hijack("Moodle: a folder like Bob's in her text", MOODLE, {f"Alice_1_assignsubmission_onlinetext_/{BOB}{N}": b"evil"}, IN_2027),
    Hijack("Moodle: a list of submissions", MOODLE, {f"{ALICE}submission_metadata.yml": submitters(Alice=2, Bob=1)}, IN_2027),
    Hijack("Moodle, in a folder: a folder like Bob's", below("class/", MOODLE), {f"class/{ALICE}{BOB}{N}": b"evil"}, IN_2027),
    Hijack("Gradescope: a list of submissions", GRADESCOPE, {"submission_1/submission_metadata.yml": submitters(Alice=2, Bob=1)}),
    Hijack("Gradescope, in a folder: a list of submissions", below("export/", GRADESCOPE), {"export/submission_1/submission_metadata.yml": submitters(Alice=2, Bob=1)}),
    Hijack("Gradescope: a folder like Bob's", GRADESCOPE, {f"submission_1/submission_2/{N}": b"evil"}),
    Hijack("Gradescope: a time of her own", GRADESCOPE, {"submission_1/timestamp.txt": EARLIER}),
    Hijack("Gradescope: a name in two lines", GRADESCOPE, {f"submission_1/a\nb/{N}": b"evil"}),
    Hijack("Canvas: names as of Moodle", CANVAS, {f"Alice_0_0_{BOB[:-1]}{number}.ipynb": b"evil" for number in range(9)}),
    Hijack("nbgrader: a folder like Bob's", NBGRADER, {f"Alice/{NAME}/Bob/{NAME}/{N}": b"evil", f"Alice/{NAME}/Bob/{NAME}/timestamp.txt": LATER}),
    Hijack("nbgrader, in a folder: a folder like Bob's", below("submitted/", NBGRADER), {f"submitted/Alice/{NAME}/Bob/{NAME}/{N}": b"evil"}),
    Hijack("nbgrader: a folder of old ones", NBGRADER, {f"Alice/{NAME}/old/{N}": b"evil"}),
    Hijack("nbgrader: many folders", NBGRADER, {f"Alice/{NAME}/old{number}/{N}": b"evil" for number in range(99)}),
    Hijack("folders: one like Bob's", FOLDERS, {f"Alice/Bob/{N}": b"evil", "Alice/Bob/timestamp.txt": LATER}),
    Hijack("folders: many in one", FOLDERS, {f"Alice/{number}/{N}": b"evil" for number in range(99)}),
    Hijack("folders: one as of nbgrader", FOLDERS, {f"Alice/Bob/{NAME}/{N}": b"evil"}),
    Hijack("folders: names as of Canvas", FOLDERS, {f"Alice/Bob_{number}_{number}_x.ipynb": b"evil" for number in range(99)}),
]
