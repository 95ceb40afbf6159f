"""Which of the project's modules a script imports, directly or by way of others; read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("quartetvae", "stages")


def modules_of(script: Path) -> set[Path]:
    """The project's files that run when `script` runs, itself included, as paths from the root."""
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for name in imported_by(ROOT / path, typing=False):
            waiting += _files(name)
    return {path for path in found if _has_code(path)}


def imported_by(path: Path, *, typing: bool) -> set[str]:
    """The dotted names of the project's modules that a file imports, anywhere in it; those for types only if asked."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if typing else _that_run(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from package import module` and `from module import name` look alike.
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found |= {name for name in names if name.split(".")[0] in PACKAGES and _is_module(name)}
    return found


def _that_run(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those for the type checker only."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _that_run(child)


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _files(name: str) -> list[Path]:
    parts = name.split(".")
    folders = [Path(*parts[:end]) / "__init__.py" for end in range(1, len(parts) + 1)]
    return [path for path in [*folders, Path(*parts).with_suffix(".py")] if (ROOT / path).is_file()]


def _has_code(path: Path) -> bool:
    body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)
