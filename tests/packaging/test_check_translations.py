#!/usr/bin/env python3
"""The checker of translations sees each kind of fault."""

import unittest
import xml.etree.ElementTree as tree

import check_translations as checker


def document(source: str, translation: str, message: str = "", kind: str = "") -> list[str]:
    text = f"<TS><context><name>C</name><message {message}><source>{source}</source>"
    text += f"<translation {kind}>{translation}</translation></message></context></TS>"
    return list(checker.check_document(tree.fromstring(text), "x.ts"))


class CheckTranslations(unittest.TestCase):
    def test_a_right_translation_has_no_fault(self) -> None:
        self.assertEqual(document("&amp;Save %1…", "%1 &amp;sichern…"), [])
        forms = "<numerusform>ein Lauf</numerusform><numerusform>%n Läufe</numerusform>"
        self.assertEqual(document("%n run(s)", forms, 'numerus="yes"'), [])

    def test_every_fault_is_seen(self) -> None:
        for source, translation, kind in [
            ("Save", "", ""),
            ("Save", "Sichern", 'type="unfinished"'),
            ("Save %1", "Sichern", ""),
            ("Save %1", "%2 sichern", ""),
            ("&amp;Save", "Sichern", ""),
            ("Save…", "Sichern", ""),
            ("Name:", "Name", ""),
            ("a\nb", "a b", ""),
            (" left", "übrig", ""),
        ]:
            self.assertEqual(len(document(source, translation, kind=kind)), 1, (source, translation))
        one_form = "<numerusform>%n Läufe</numerusform>"
        self.assertEqual(len(document("%n run(s)", one_form, 'numerus="yes"')), 1)


if __name__ == "__main__":
    unittest.main()
