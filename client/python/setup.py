"""Puts libmillrace.so.1 into the wheel.

It is taken from MILLRACE_LIBRARY, or else from build/release of the checkout
that this folder is in, where CMake builds it first.
"""

import os
import pathlib
import shutil
import subprocess

try:
    from setuptools import Distribution, setup
    from setuptools.command.build_py import build_py
    from wheel.bdist_wheel import bdist_wheel
except ImportError as error:
    raise SystemExit(f"millrace: {error}; install setuptools and wheel "
                     "(Debian: python3-setuptools python3-wheel), or use "
                     "/usr/bin/python3 after scripts/setup.sh --packages"
                     ) from None

SONAME = "libmillrace.so.1"
ROOT = pathlib.Path(__file__).resolve().parents[2]

MISSING = """\
millrace: {why}.
The wheel contains libmillrace.so.1, which is built in C++ from a checkout of
Millrace on Debian 12:

    scripts/setup.sh --packages
    pip install --no-build-isolation ./client/python

or somewhere else before, and named: MILLRACE_LIBRARY=/path/to/{soname}
"""


def fail(why):
    raise SystemExit(MISSING.format(why=why, soname=SONAME))


def build_library():
    """Of the checkout; nothing to do where it is up to date."""
    for tool in ("cmake", "ninja"):
        if shutil.which(tool) is None:
            fail(f"there is no {tool} to build {SONAME} with")
    environment = {**os.environ, "CCACHE_BASEDIR": str(ROOT),
                   "CCACHE_NOHASHDIR": "1"}

    def run(*command):
        print("millrace:", *command, flush=True)
        if subprocess.run(command, cwd=ROOT, env=environment,
                          check=False).returncode != 0:
            fail(f"\"{' '.join(command)}\" failed in {ROOT}; see above")

    if not (ROOT / "build/release/build.ninja").exists():
        run("cmake", "--preset", "release")
    run("cmake", "--build", "--preset", "release", "--target", "millrace_c")
    return ROOT / "build/release/lib" / SONAME


def find_library():
    named = os.environ.get("MILLRACE_LIBRARY")
    if named:
        library = pathlib.Path(named)
        if not library.is_file():
            fail(f"MILLRACE_LIBRARY is {named}, and there is no such file")
        return library
    if not (ROOT / "client/millrace.h").exists():
        fail(f"{SONAME} is not here, and {ROOT} is no checkout of Millrace")
    return build_library()


class BuildWithLibrary(build_py):

    def run(self):
        super().run()
        target = pathlib.Path(self.build_lib) / "millrace" / SONAME
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(find_library(), target)
        if shutil.which("strip"):
            subprocess.run(["strip", "--strip-unneeded", target], check=True)


class PlatformDistribution(Distribution):

    def has_ext_modules(self):
        return True


class PlatformWheel(bdist_wheel):
    """One wheel for every Python, but for one platform."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


# Beside the rest of what building leaves behind.
BUILD = pathlib.Path(__file__).resolve().parent / "build"
BUILD.mkdir(exist_ok=True)

setup(distclass=PlatformDistribution,
      cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel},
      options={"egg_info": {"egg_base": str(BUILD)}})
