#!/usr/bin/env python3
"""Writes NAME.golden.jsonl beside each NAME/tokenizer.json with Hugging Face's `tokenizers` library (pip install tokenizers)."""
import json
import pathlib
import random

from tokenizers import Tokenizer

TEXTS = [
    "", " ", "  ", "   ", "a", " a", "a ", "  a  ", "\n", "\n\n", "\n\n\n\n", "\r\n", "\r", "\r\n\r\n  \r\n x", "\t", "\t\tx", " \t \n \t x",
    "trailing   ", "trailing\n", "trailing \n ", "trailing\t\t", "end.\n\n\n   ", "a  b   c    d", "a\n b\n  c\n   d", "x\n\n  y\n \n z",
    "The student reads what the teacher wrote, and the teacher reads what the student wrote.",
    "don't can't we'll they've I'm she'd you're it's", "DON'T CAN'T WE'LL THEY'VE I'M SHE'D YOU'RE IT'S", "Don'T Can'T We'Ll They'vE I'm She'D You'Re",
    "'s't're've'm'll'd", "'S'T'RE'VE'M'LL'D", "''s '' 's", "rock 'n' roll, the '90s, o'clock, 'sfoo 'lla 'rex", "it'\u017f x'\u017fy '\u017f\u017f", "\u2019s \u2019t don\u2019t",
    "0 1 12 123 1234 12345 123456 1234567", "3.14159 1,000,000 -2e10 0x1F 1st 2nd", "a1b22c333d4444", " 1 22 333 4444", "x1 y22  z333",
    "\u0661\u0662\u0663\u0664 \u06f1\u06f2 \u0967\u0968\u0969\u096a \uff11\uff12\uff13\uff14", "\u00bd\u00bc \u00b2\u00b3 \u2167\u216b \u2460\u2461\u2462\u2463 \u3007\u3021 \U0001d7d8\U0001d7d9\U0001d7da\U0001d7db",
    "def f(x):\n    return x**2 + 1  # comment\n\n\nclass A:\n\tpass\n", "for(int i=0;i<n;++i){a[i]+=b[i]*c;}", "{\"key\": [1, 2.5, null, true], \"other\": {}}\r\n",
    "<p class=\"x\">&amp;</p>", "https://example.org/path?q=a%20b&c=d#frag", "snake_case CamelCase kebab-case SCREAMING __init__", "!!!???...;;;", "!\n?\r\n.\n\n;", "(a) [b] {c} <d> \"e\" 'f'", "a.b,c;d:e", "--- ***\n=== ///",
    "caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00dcber \u00df", "cafe\u0301 nai\u0308ve e\u0301\u0302 a\u0323\u0302 a\u0302\u0323", "x\u0300\u0301\u0302\u0303\u0304 \u0301 \u0301a", "\u1e9b\u0323 \u1e9b \u017f \ufb01 \u212b \u2126 \u0344 \u0958",
    "\uac00\uac01 \u1100\u1161 \u1100\u1161\u11a8 \uac00\u11a8 \ud55c\uad6d\uc5b4", "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3067\u3059\u3002\u304c\u304b\u3099", "\u4e2d\u6587\u5206\u8bcd,\u6df7\u5408English\u5355\u8bcd123", "\uf900 \u2f800 \U0002f800",
    "\u0420\u0443\u0441\u0441\u043a\u0438\u0439 \u0442\u0435\u043a\u0441\u0442 \u0438\u0306", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0646\u0635\u064c", "\u05e2\u05b4\u05d1\u05e8\u05d9\u05ea", "\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902", "\u0e44\u0e17\u0e22\u0e20\u0e32\u0e29\u0e32",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd", "a\U0001f600b \U0001f600\U0001f600", "\u00a0nbsp\u00a0\u00a0x", "\u2003em\u2009thin\u3000wide\u2028line\u2029par\u0085nel",
    "a\u00a0\nb", " \u00a0 x", "\u3000\u3000x", "\u200bzero\u200cw\u200didth\ufeff\u2060", "\u180e\u1680x", "\x00\x01\x07\x1b\x7f", "\x0b\x0c x\x1c\x1d\x1e\x1fy",
    "\ufffd \ufffe \uffff \U0010ffff \ue000", "\u2014\u2013 \u201cq\u201d \u2018s\u2019 \u00ab\u00bb \u2026", "\u00aa\u00ba \u02b0 \u01c5 \u05d0", "_a_ a_b \u203f\u2040", "\u20ac\u00a3\u00a5 \u00b1\u00d7\u00f7 \u2211\u222b",
    "<|end|>", "a<|end|>b", " <|end|> ", "<|end|><|end|>", "<|end", "<|end|", "<|endless|>", "x <think> y </think> z", "<think>\n\n</think>\n", "<|end|>\n  <think>  \n",
    "a" * 70, "ab" * 60, " " * 90 + "x", "\n" * 70, "=" * 100, "the " * 40, "\u4e2d" * 40, "1" * 50, "\u0301" * 30,
    "word<mask>word <mask> word  <mask>  .", "\u1100\u1161\uac00 \uac01\u11a8", "xKEYx KEY key-KEY KEY1 _KEY KEY\u00e9 \u00e9KEY KEY.", "  <l>  a<l>\n\t<r>\n  b<r> ", "\u00cc\u00cd \u03a9\u03a9\u03a9 \U0001f600\u03a9",
    "KEY KEY<mask> KEY",
]
POOL = ("abcXYZstremdlv'  \n\r\t.,!(123\u0663\u00b2\u00e9\u0301\u0308e\u017f\u4e2d\u6587\u00a0\u3000\u2028\U0001f600\u200d_-" "\u1100\u1161\u11a8\uac00\u212b")


def texts():
    rng = random.Random(20240607)
    yield from TEXTS
    for _ in range(60):
        yield "".join(rng.choice(POOL) for _ in range(rng.randrange(1, 30)))


def main():
    here = pathlib.Path(__file__).resolve().parent
    for file in sorted(here.glob("*/tokenizer.json")):
        tokenizer = Tokenizer.from_file(str(file))
        with open(here / f"{file.parent.name}.golden.jsonl", "w", encoding="utf-8") as out:
            for text in texts():
                ids = tokenizer.encode(text, add_special_tokens=False).ids
                decoded = tokenizer.decode(ids, skip_special_tokens=False)
                line = {"text": text, "ids": ids, "decoded": decoded}
                out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
