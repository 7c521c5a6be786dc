#!/usr/bin/env python3
"""Every rule of check_layers.py, kept and broken, in a tree of its own."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import check_layers


def machine_path(*parts: str) -> str:
    return "".join(("/", *parts))


def write_tree(directory: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = pathlib.Path(directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class CheckLayers(unittest.TestCase):
    def problems(self, files: dict[str, str]) -> list[str]:
        with tempfile.TemporaryDirectory() as directory:
            write_tree(directory, files)
            return check_layers.check_tree(pathlib.Path(directory))

    def assert_kept(self, files: dict[str, str]) -> None:
        self.assertEqual(self.problems(files), [])

    def assert_broken(self, files: dict[str, str], place: str, reason: str) -> None:
        found = self.problems(files)
        self.assertTrue(any(line.startswith(place) and reason in line for line in found), found)

    def test_includes_to_the_left_are_kept(self) -> None:
        self.assert_kept(
            {
                "engine/protocol/plan.cpp": '#include "engine/protocol/plan.h"\n#include <vector>\n#include <nlohmann/json.hpp>\n'
                "#include <tl/expected.hpp>\n#include <fmt/core.h>\n#include <cstdint>\n",
                "engine/run/a.cpp": '#include <sys/file.h>\n#include <unistd.h>\n#include "engine/protocol/plan.h"\n',
                "engine/io/b.cpp": '#include <utf8proc.h>\n#include "b_private.h"\n#include "engine/run/run_directory.h"\n',
                "engine/data/c.cpp": '#include <zstd.h>\n#include "resources/demo/story_generator.h"\n#include "engine/io/b.h"\n',
                "engine/model/d.cpp": '#include <torch/torch.h>\n#include <ATen/ATen.h>\n#include "kernels/kernels.h"\n',
                "engine/worker/e.cpp": '#include <CLI/CLI.hpp>\n#include "engine/evaluate/f.h"\n',
                "engine/server/g.cpp": '#include <QObject>\n#include <QtCore/QFile>\n#include "engine/run/a.h"\n',
                "tests/model/h.cpp": '#include <gtest/gtest.h>\n#include <torch/torch.h>\n#include "engine/worker/e.h"\n',
            }
        )

    def test_broken_includes_are_found(self) -> None:
        cases = [
            ("engine/protocol/a.cpp", '"engine/run/b.h"', 'must not use "engine/run/b.h"'),
            ("engine/protocol/a.h", '"../run/b.h"', 'must not use "engine/run/b.h"'),
            ("engine/protocol/a.cpp", "<unistd.h>", "must not use posix"),
            ("engine/run/a.cpp", '"engine/io/b.h"', 'must not use "engine/io/b.h"'),
            ("engine/run/a.cpp", "<zstd.h>", "must not use compression"),
            ("engine/io/a.cpp", '"engine/data/b.h"', 'must not use "engine/data/b.h"'),
            ("engine/model/a.cpp", '"engine/train/b.h"', 'must not use "engine/train/b.h"'),
            ("engine/train/a.cpp", '"engine/worker/b.h"', 'must not use "engine/worker/b.h"'),
            ("engine/worker/a.cpp", '"engine/server/b.h"', 'must not use "engine/server/b.h"'),
            ("engine/server/a.cpp", '"engine/io/b.h"', 'must not use "engine/io/b.h"'),
            ("engine/server/a.cpp", "<torch/torch.h>", "must not use torch"),
            ("engine/io/a.cpp", "<unknown/library.hpp>", "belongs to no library"),
            ("engine/model/a.cpp", '"tests/support/b.h"', 'must not use "tests/support/b.h"'),
            ("engine/model/a.cpp", '"ui/theme.h"', 'must not use "ui/theme.h"'),
            ("kernels/a.cpp", '"engine/protocol/plan.h"', 'must not use "engine/protocol/plan.h"'),
            ("resources/demo/a.cpp", '"engine/data/source.h"', 'must not use "engine/data/source.h"'),
        ]
        for module in ("protocol", "run", "io", "data", "server"):
            cases.append((f"engine/{module}/a.cpp", "<c10/core/Device.h>", "must not use torch"))
            cases.append((f"engine/{module}/a.h", "<ATen/ATen.h>", "must not use torch"))
        for module in ("protocol", "run", "io", "data", "model", "convert", "train", "evaluate", "worker"):
            cases.append((f"engine/{module}/a.cpp", "<QString>", "must not use qt"))
            cases.append((f"engine/{module}/a.cpp", "<QtCore/QString>", "must not use qt"))
        cases.append(("kernels/cpu/a.cpp", "<torch/torch.h>", "must not use torch"))
        for name, header, reason in cases:
            with self.subTest(file=name, header=header):
                self.assert_broken({name: f"#pragma once\n  #  include {header}\n"}, f"{name}:2:", reason)

    def test_a_directory_outside_the_table_is_found(self) -> None:
        self.assert_broken({"engine/utils/a.h": "#pragma once\n"}, "engine/utils/a.h:1:", "no module")

    def test_files_of_600_lines_are_kept_and_longer_ones_found(self) -> None:
        for name in ("engine/io/a.cpp", "tests/io/b.py", "packaging/c.sh", "tests/CMakeLists.txt"):
            with self.subTest(file=name):
                self.assert_kept({name: "\n" * 600})
                self.assert_broken({name: "\n" * 601}, f"{name}:601:", "601 lines")

    def test_paths_of_a_machine_are_found(self) -> None:
        paths = [machine_path("wor", "k/main"), machine_path("ro", "ot/x"), machine_path("tmp/", "b_x")]
        for name in ("engine/io/a.cpp", "README.md", ".ci/run", "tests/x/CMakeLists.txt", "resources/presets/p.json"):
            for path in paths:
                with self.subTest(file=name, path=path):
                    self.assert_broken({name: f'first\n"{path}"\n'}, f"{name}:2:", "somebody's machine")
        self.assert_kept({"README.md": f"net{machine_path('wor', 'k/x')} ../..{machine_path('wor', 'k/x')}\n"})

    def test_unfinished_code_and_skipped_tests_are_found(self) -> None:
        for word in ("TO" + "DO", "FIX" + "ME", "GTEST_SK" + "IP", "DISAB" + "LED_Case"):
            with self.subTest(word=word):
                self.assert_broken({"tests/io/a.cpp": f"x {word}\n"}, "tests/io/a.cpp:1:", "unfinished")

    def test_python_that_does_not_parse_is_found(self) -> None:
        self.assert_kept({"resources/hf/a.py": "x = 1\n"})
        self.assert_broken({"resources/hf/a.py": "x = 1\nif x\n"}, "resources/hf/a.py:2:", "not Python")

    def test_builds_and_hidden_directories_are_left_out(self) -> None:
        bad = machine_path("ro", "ot/x")
        self.assert_kept({"README.md": "x\n", "build/a.md": bad, "build-x/a.md": bad, ".git/a.md": bad, "runs/r/a.md": bad})

    def test_the_exit_status_tells_the_outcome(self) -> None:
        for files, status in (({"README.md": "x\n"}, 0), ({"engine/run/a.h": "#include <QObject>\n"}, 1), ({}, 1)):
            with self.subTest(files=files), tempfile.TemporaryDirectory() as directory:
                write_tree(directory, files)
                command = [sys.executable, "-B", check_layers.__file__, directory]
                self.assertEqual(subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode, status)


if __name__ == "__main__":
    unittest.main()
