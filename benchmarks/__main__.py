"""Every benchmark, one after the other: ``python -m benchmarks [NAME…]``.

Each module has a ``main()`` that prints ratios against named peers, measured side by side in this very run; figures in
seconds would only describe the machine. A benchmark that needs data which is not here says so and is left out.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import benchmarks


def names() -> list[str]:
    """All modules with a benchmark; what builds tables is none."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return [name for name in found if name != "__main__" and not name.startswith(("build_", "_"))]


def main(wanted: Sequence[str]) -> int:
    """Run them; 2 for a name that is none."""
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}")
        return 2
    for name in wanted or names():
        print(f"\n── {name} ──", flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        if hasattr(module, "main"):
            module.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
