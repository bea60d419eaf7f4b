"""The machine that figures were measured on, in words."""

from __future__ import annotations

import mmap
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from zkharvest import __version__

LIBRARIES = ("numpy", "numba", "llvmlite", "cryptography", "msgpack", "py_ecc", "galois")

ROOT = Path(__file__).resolve().parent.parent
_PROBE = 256 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Machine:
    """What a figure depends on. `first_touch`: seconds until a gigabyte of fresh memory can be used.

    It is a few hundredths of a second on hardware, and seconds on virtual machines that give freed memory back to
    their host: there it is part of every short command's time.
    """

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    libraries: dict[str, str]
    program: str
    date: str
    load: float
    first_touch: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        used = ", ".join(f"{name} {number}" for name, number in self.libraries.items())
        return [
            f"{self.processor}, {self.cores} cores, {self.memory_gb:.0f} GB memory, {self.system}",
            f"Python {self.python}, {used}",
            f"{self.program}, {self.date}, load average {self.load:.1f} when the run began",
            f"first touch of fresh memory: {self.first_touch:.2f} s a gigabyte",
        ]


def describe() -> Machine:
    """The machine at hand."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=round(_memory() / 1e9, 1),
        system=f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        python=platform.python_version(),
        libraries=_libraries(),
        program=f"zkharvest {__version__}{_commit()}",
        date=time.strftime("%Y-%m-%d"),
        load=load(),
        first_touch=round(_first_touch(), 3),
    )


def load() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    known = {key.strip(): value.strip() for key, value in fields.items()}
    name = known.get("model name", platform.machine())
    family = known.get("cpu family")
    wide = ", AVX-512" if "avx512f" in known.get("flags", "") else ""
    return f"{name} (family {family}{wide})" if family else name


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0


def _libraries() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _commit() -> str:
    """The checkout's commit, if it is one."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f" at {done.stdout.strip()}"


def _first_touch() -> float:
    """Seconds a gigabyte; in another process, for the memory of this one is inherited as a peak by all it starts."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.machine"], cwd=ROOT, capture_output=True, check=True)
    return float(done.stdout)


def _touch() -> float:
    """Seconds a gigabyte, writing to every page of memory that this process never had."""
    with mmap.mmap(-1, _PROBE) as memory:
        if hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE)
        began = time.perf_counter()
        for at in range(0, _PROBE, mmap.PAGESIZE):
            memory[at] = 1
        return (time.perf_counter() - began) * 1e9 / _PROBE


if __name__ == "__main__":
    sys.stdout.write(f"{_touch()}\n")
