#!/usr/bin/env python3
"""Checks that every text of ui/ and app/ is translated, with the same placeholders, mnemonics and ends.

Usage: check_translations.py SOURCE_DIR LUPDATE. Prints one line for each fault; the exit status is 1 if there is any.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
from typing import Iterator

PLACEHOLDER = re.compile(r"%(?:n|L?\d+)")
MNEMONIC = re.compile(r"&(?=\w)")


def faults_of(source: str, translation: str, is_plural: bool) -> Iterator[str]:
    if not translation:
        yield "is not translated"
        return
    wanted, found = set(PLACEHOLDER.findall(source)), set(PLACEHOLDER.findall(translation))
    if is_plural:
        wanted.discard("%n")
        found.discard("%n")
    if wanted != found:
        yield f"has the placeholders {sorted(found)} where the text has {sorted(wanted)}"
    # In a list of file types an ampersand is not expected; elsewhere it marks the key.
    if len(MNEMONIC.findall(source)) != len(MNEMONIC.findall(translation)):
        yield "has not the same number of mnemonics (&)"
    if source.count("\n") != translation.count("\n"):
        yield "has not the same number of lines"
    for end in ("…", "...", ":", " "):
        if source.endswith(end) != translation.endswith(end):
            yield f"differs in whether it ends in {end!r}"
    if source.startswith(" ") != translation.startswith(" "):
        yield "differs in whether it begins with a space"


def check_document(root: tree.Element, name: str) -> Iterator[str]:
    for context in root.iter("context"):
        for message in context.iter("message"):
            source = message.findtext("source") or ""
            element = message.find("translation")
            where = f"{name}: {context.findtext('name')}: {source[:60]!r}"
            if element is None or element.get("type") is not None:
                yield f"{where} is not translated"
                continue
            is_plural = message.get("numerus") == "yes"
            forms = [form.text or "" for form in element.iter("numerusform")] if is_plural else [element.text or ""]
            if is_plural and len(forms) != 2:
                yield f"{where} needs two forms, one and many"
            for form in forms:
                for fault in faults_of(source, form, is_plural):
                    yield f"{where} {fault}"


def check_tree(source_dir: pathlib.Path, lupdate: str) -> Iterator[str]:
    files = sorted((source_dir / "resources/translations").glob("*.ts"))
    if not files:
        yield "resources/translations has no translation"
    for file in files:
        with tempfile.TemporaryDirectory() as directory:
            copy = pathlib.Path(directory) / file.name
            shutil.copy(file, copy)
            command = [lupdate, "-silent", "-no-obsolete", "-locations", "none"]
            # With the headers: a text is looked up at run time by its class's name with the namespace.
            command += ["-I", str(source_dir)]
            is_plurals_only = file.stem.endswith("_en")
            command += ["-pluralonly"] if is_plurals_only else []
            command += [str(source_dir / "ui"), str(source_dir / "app"), "-ts", str(copy)]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            root = tree.parse(copy).getroot()
        if sum(1 for _ in root.iter("message")) < (1 if is_plurals_only else 50):
            yield f"{file.name}: lupdate found almost no text; is it the right program?"
        names = {context.findtext("name") for context in root.iter("context")}
        if not is_plurals_only and "radlads::ui::MainWindow" not in names:
            yield f"{file.name}: the texts are not under their classes' full names"
        yield from check_document(root, file.name)


def main() -> int:
    faults = list(check_tree(pathlib.Path(sys.argv[1]), sys.argv[2]))
    print("\n".join(faults) if faults else "Every text is translated.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
