"""What a result hangs on besides its input: the text of a module and of all that it imports, and libraries."""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import platform
from collections.abc import Iterable
from pathlib import Path

UNHEARD = ("quartetvae.errors", "quartetvae.files")
"""What is imported and changes no music: an edit there makes nothing anew."""

LIBRARIES = ("numpy", "pyarrow", "symusic")
"""What reads and encodes."""


@functools.cache
def package() -> str:
    """Hash the text of all modules of this package, and the versions of `LIBRARIES`; once, for a process."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256(of(__name__, LIBRARIES).encode())
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def of(module: str, libraries: Iterable[str]) -> str:
    """Hash the text of a module and of this package's modules that it imports, and the versions of libraries."""
    digest = hashlib.sha256()
    for name in libraries:
        digest.update(f"{name}=={importlib.metadata.version(name)}\n".encode())
    digest.update(f"python {'.'.join(platform.python_version_tuple()[:2])}\n".encode())
    for name, text in sorted(texts(module).items()):
        digest.update(f"{name} {len(text)}\n{text}".encode())
    return digest.hexdigest()


def texts(module: str) -> dict[str, str]:
    """Read the text of a module and of all modules of this package that it imports, by name."""
    package = module.partition(".")[0]
    # The package's own __init__ is the entrance to all of it, by name: nothing below hangs on it.
    unheard = (*UNHEARD, package)
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] != package or name in unheard:
            continue
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:  # `from module import name`: a function, not a module
            continue
        if spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(found[name])):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found
