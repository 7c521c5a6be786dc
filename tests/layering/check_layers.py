#!/usr/bin/env python3
"""Checks the source tree's own rules: which module may include what, the length of files, words that don't belong in it.

Usage: check_layers.py SOURCE_DIR. Prints one line for each broken rule, FILE:LINE: sentence; the exit status is 1 if there is any.
"""

import ast
import pathlib
import posixpath
import re
import sys
from typing import Iterator, NamedTuple

MAX_LINES = 600

# A module of the engine may include itself and those left of it.
ENGINE_ORDER = ["protocol", "run", "io", "data", "model", "convert", "train", "evaluate", "worker"]

# Third-party headers by library: an included name belongs to the first library whose pattern matches it.
LIBRARIES = [
    ("torch", r"(torch|ATen|c10|caffe2|torch_.*)/"),
    ("qcustomplot", r"qcustomplot\.h$"),
    ("qt", r"(Q[A-Z]\w*|Qt\w+/.*|q[a-z]+\.h)$"),
    ("nlohmann", r"nlohmann/"),
    ("tl-expected", r"tl/"),
    ("fmt", r"fmt/"),
    ("cli11", r"CLI/"),
    ("compression", r"(zlib|zstd|zstd_errors)\.h$"),
    ("utf8proc", r"utf8proc\.h$"),
    ("blas", r"(openblas/)?(cblas|openblas_config)\.h$"),
    ("highway", r"hwy/"),
    ("gpu", r"(hip|rocblas|hipblas|cuda|nvtx3)/|cuda\w*\.h$|cublas\w*\.h$"),
    ("sanitizers", r"sanitizer/"),
    ("intrinsics", r"(\w*intrin|arm_neon|cpuid)\.h$"),
    ("posix", r"((sys|linux|net|netinet|arpa)/\w+|[a-z0-9_]+)\.h$"),
    ("std", r"[a-z0-9_]+$"),
]

BASIC = {"std", "posix", "nlohmann", "tl-expected", "fmt"}
TENSOR = BASIC | {"torch", "blas"}


class Module(NamedTuple):
    uses: list[str]  # path prefixes of the project's own headers
    libraries: set[str]


def engine_module(name: str, libraries: set[str], *others: str) -> Module:
    left = ENGINE_ORDER[: ENGINE_ORDER.index(name) + 1]
    return Module([f"engine/{module}/" for module in left] + list(others), libraries)


# By directory. The demo's text generator is a source of data, hence below engine/data.
MODULES = {
    "kernels/gpu/": Module(["kernels/"], {"std", "posix", "gpu", "sanitizers"}),
    "kernels/": Module(["kernels/"], {"std", "highway", "gpu", "intrinsics"}),
    "resources/": Module(["resources/"], {"std"}),
    "engine/protocol/": engine_module("protocol", BASIC - {"posix"}),
    "engine/run/": engine_module("run", BASIC),
    "engine/io/": engine_module("io", BASIC | {"compression", "utf8proc"}),
    "engine/data/": engine_module("data", BASIC | {"compression"}, "resources/demo/"),
    "engine/model/": engine_module("model", TENSOR, "kernels/"),
    "engine/convert/": engine_module("convert", TENSOR, "kernels/"),
    "engine/train/": engine_module("train", TENSOR | {"compression"}, "kernels/"),
    "engine/evaluate/": engine_module("evaluate", TENSOR, "kernels/", "resources/demo/"),
    "engine/worker/": engine_module("worker", TENSOR | {"cli11"}, "kernels/", "resources/demo/"),
    "engine/server/": Module(["engine/server/", "engine/protocol/", "engine/run/"], BASIC | {"cli11", "qt"}),
    "ui/": Module(["ui/", "engine/protocol/"], {"std", "qt", "qcustomplot", "fmt", "tl-expected"}),
    "app/": Module(["app/", "ui/", "engine/protocol/"], {"std", "posix", "qt", "tl-expected"}),
}

CODE_SUFFIXES = {".cpp", ".h", ".hip", ".cu", ".inl"}
SOURCE_SUFFIXES = CODE_SUFFIXES | {".py", ".sh", ".cmake"}
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".md", ".txt", ".json", ".1", ".in", ".ui", ".qrc", ".xml", ".desktop", ".yml", ".yaml", ".toml"}
MAX_TEXT_BYTES = 1 << 20

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")')

# Written in pieces, so that this file is clean.
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:wor" r"k|roo" r"t)/|/tmp" r"/b_")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b|\bGTEST_SK" r"IP\b|\bQSK" r"IP\b|\bDISAB" r"LED_")


def library_of(header: str) -> str | None:
    for library, pattern in LIBRARIES:
        if re.match(pattern, header):
            return library
    return None


def source_files(root: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    """Files of the tree by their path below root; builds, runs and hidden directories but .ci are no part of it."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        if hidden or parts[0].startswith("build") or parts[0] == "runs" or "__pycache__" in parts:
            continue
        if path.is_file():
            yield "/".join(parts), path


def check_include(name: str, module_path: str, module: Module, header: str, is_angled: bool) -> str | None:
    if is_angled:
        library = library_of(header)
        if library is None:
            return f"<{header}> belongs to no library that the table in tests/layering knows; add it there, or don't use it"
        if library not in module.libraries:
            return f"{module_path} must not use {library} (<{header}>)"
        return None
    is_rooted = any(header.startswith(prefix) for prefix in MODULES) or header.startswith("tests/")
    target = header if is_rooted else posixpath.normpath(posixpath.join(posixpath.dirname(name), header))
    if not any(target.startswith(prefix) for prefix in module.uses):
        return f'{module_path} must not use "{target}"'
    return None


def check_file(name: str, path: pathlib.Path) -> Iterator[str]:
    suffix = path.suffix
    is_script = suffix == "" and path.name in {"run", "LICENSE"}
    if suffix not in TEXT_SUFFIXES and not is_script:
        return
    if path.stat().st_size > MAX_TEXT_BYTES:
        if suffix in SOURCE_SUFFIXES:
            yield f"{name}:1: the file has {path.stat().st_size} bytes; a source file has at most {MAX_TEXT_BYTES}"
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if (suffix in SOURCE_SUFFIXES or path.name == "CMakeLists.txt") and len(lines) > MAX_LINES:
        yield f"{name}:{MAX_LINES + 1}: the file has {len(lines)} lines; split it, {MAX_LINES} is the limit"
    if suffix == ".py":
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            yield f"{name}:{error.lineno}: not Python: {error.msg}"
    module_path = next((prefix for prefix in MODULES if name.startswith(prefix)), None)
    if suffix in CODE_SUFFIXES and module_path is None and name.startswith("engine/"):
        yield f"{name}:1: its directory is no module of the table in tests/layering; add it there"
    for number, line in enumerate(lines, start=1):
        if match := MACHINE_PATHS.search(line):
            yield f"{name}:{number}: '{match.group()}' is a path of somebody's machine"
        if suffix in SOURCE_SUFFIXES and (match := UNFINISHED.search(line)):
            yield f"{name}:{number}: '{match.group()}' marks unfinished work or a test that doesn't run"
        if suffix in CODE_SUFFIXES and module_path and (match := INCLUDE.match(line)):
            problem = check_include(name, module_path, MODULES[module_path], match[1] or match[2], match[1] is not None)
            if problem:
                yield f"{name}:{number}: {problem}"


def check_tree(root: pathlib.Path) -> list[str]:
    problems = []
    for name, path in source_files(root):
        problems.extend(check_file(name, path))
    return problems


def main() -> int:
    if len(sys.argv) != 2 or not pathlib.Path(sys.argv[1]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    root = pathlib.Path(sys.argv[1])
    problems = check_tree(root)
    for problem in problems:
        print(problem)
    checked = sum(1 for _ in source_files(root))
    if checked == 0:
        print(f"{root} holds no files to check")
        return 1
    print(f"{checked} files, {len(problems)} broken rules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
