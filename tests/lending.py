"""Virtual environments for tests that ask no package index."""

import os
import shutil
import sysconfig

# pip finds everything that is asked for installed already, and builds with the setuptools that is there.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONPATH": ""}


def environment(**more):
    return {**os.environ, "OMP_NUM_THREADS": "1", **OFFLINE, **more}


def lend(venv):
    """Lets a new environment see what is installed in this one; its own setuptools may be an old version."""
    (site,) = venv.glob("lib/python3*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib"))
    for old in site.glob("setuptools*"):
        shutil.rmtree(old)
