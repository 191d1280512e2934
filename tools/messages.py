"""Bring the catalogues of translations up to date with the sources: `make messages`.

Every text in a gettext call of a module and in a translating tag of a template becomes an entry of each language's
file; what a language has said of it stays, what no source says any more goes. `--check` writes nothing and fails
when something would change. It needs none of gettext's programs.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from clarion.lib import catalogue
from clarion.lib.catalogue import Entry

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "clarion"
LOCALE = PACKAGE / "locale"
#: How each language counts, in the words and the order of Django's own catalogues: both are merged at run time.
PLURALS = {
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5;",
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=3; plural=n == 1 ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2;",
    "ru": "nplurals=4; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : "
    "n%10==0 || (n%10>=5 && n%10<=9) || (n%100>=11 && n%100<=14)? 2 : 3);",
}
#: Calls: where the context, the message and its plural stand among the arguments (None: there is none).
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    name + lazy: places
    for name, places in {
        "gettext": (None, 0, None),
        "gettext_noop": (None, 0, None),
        "ngettext": (None, 0, 1),
        "pgettext": (0, 1, None),
        "npgettext": (0, 1, 2),
    }.items()
    for lazy in ("", "_lazy")
}
#: What modules without a framework make their sentences with (`clarion.lib.sentences`).
CALLS["said"] = (None, 0, None)
#: Where texts are written without gettext, since nothing there knows a framework, and translated when they are shown:
#: calls whose every argument is a message, and tables whose every value is one.
PLAIN = {"engine/outcomes.py": "Explanation", "channels/voice/dispositions.py": "SENTENCES"}
_STRING = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_TAG = re.compile(r"{%-?\s*(\w+)(.*?)%}|{{(.*?)}}|{#.*?#}", re.S)
_CONSTANT = re.compile(r"""(?<![\w"'])_\(\s*""" + _STRING + r"\s*\)")
_FIRST = re.compile(r"\s*" + _STRING)
_CONTEXT = re.compile(r"\bcontext\s+" + _STRING)
_VARIABLE = re.compile(r"{{\s*(\w+)[^}]*}}")


def sources() -> list[Path]:
    """Return every module and template that may speak to people, in a stable order."""
    found = [
        *PACKAGE.rglob("*.py"),
        *(PACKAGE / "templates").rglob("*.html"),
        *PACKAGE.rglob("*/templates/**/*.txt"),
    ]
    found += (PACKAGE / "templates").rglob("*.txt")
    return sorted(path for path in set(found) if not {"tests", "migrations", "cli"} & set(path.parts))


def messages(path: Path) -> Iterator[Entry]:
    """Yield each message of one source, with its line."""
    text = path.read_text(encoding="utf-8")
    place = path.relative_to(PACKAGE).as_posix()
    found = in_module(text, plain=PLAIN.get(place, "")) if path.suffix == ".py" else in_template(text)
    for context, message, plural, line in found:
        flags = ["python-format"] if re.search(r"%\(\w+\)|%[sd]", message) else []
        yield Entry(
            id=message,
            context=context,
            plural=plural,
            references=[f"{place}:{line}"],
            flags=flags,
            strings=[],
        )


def collected() -> dict[tuple[str, str], Entry]:
    """Return all messages of all sources, one for each context and text."""
    found: dict[tuple[str, str], Entry] = {}
    for path in sources():
        for entry in messages(path):
            known = found.setdefault(entry.key, entry)
            if known is not entry:
                known.references += [one for one in entry.references if one not in known.references]
                known.plural = known.plural or entry.plural
    return found


def forms_of(language: str) -> int:
    """Return how many plural forms the language has."""
    return int(PLURALS[language].partition("nplurals=")[2].partition(";")[0])


def merged(language: str, found: dict[tuple[str, str], Entry]) -> list[Entry]:
    """Return the language's catalogue for these messages, with what it has said of them so far."""
    path = path_of(language)
    known = {entry.key: entry for entry in catalogue.read(path)[1:]} if path.exists() else {}
    head = (
        f"Project-Id-Version: Clarion\nLanguage: {language}\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
        f"Plural-Forms: {PLURALS[language]}\n"
    )
    entries = [Entry(id="", strings=[head])]
    for key, entry in found.items():
        old = known.get(key)
        forms = forms_of(language) if entry.plural else 1
        has_same_shape = (
            old is not None and bool(old.plural) == bool(entry.plural) and len(old.strings) == forms
        )
        entries.append(
            Entry(
                id=entry.id,
                context=entry.context,
                plural=entry.plural,
                # Files only, no lines: they would change with every edit of a source.
                references=sorted({one.rpartition(":")[0] for one in entry.references}),
                flags=entry.flags + (["fuzzy"] if old and "fuzzy" in old.flags else []),
                comments=old.comments if old else [],
                strings=old.strings if old and has_same_shape else [""] * forms,
            )
        )
    return entries


def path_of(language: str) -> Path:
    """Return where a language's catalogue is."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def in_module(text: str, *, plain: str = "") -> Iterator[tuple[str, str, str, int]]:
    """Yield context, message, plural and line of every gettext call of a module, and of what is named `plain`."""
    tree = ast.parse(text)
    names = dict.fromkeys(CALLS, "") | {name: name for name in CALLS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.utils.translation"):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in ast.walk(tree):
        if plain and isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == plain:
            values_of = node.value.values if isinstance(node.value, ast.Dict) else []
            yield from (("", arg.value, "", arg.lineno) for arg in values_of if _is_text(arg))
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if plain and called == plain:
            said = [*node.args, *(word.value for word in node.keywords)]
            yield from (("", arg.value, "", node.lineno) for arg in said if _is_text(arg))
        places = CALLS.get(names.get(called, ""))
        if places is None:
            continue
        values = [str(arg.value) if _is_text(arg) else "" for arg in node.args]
        context, message, plural = (
            values[at] if at is not None and at < len(values) else "" for at in places
        )
        if message:
            yield context, message, plural, node.lineno


def in_template(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield context, message, plural and line of every translating tag of a template, as Django looks them up."""
    block: dict[str, str | int] | None = None
    for found in _TAG.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        name, rest = found[1] or "", (found[2] or found[3] or "")
        if block is not None:
            if name == "plural":
                block["one"], block["start"] = text[int(block["start"]) : found.start()], found.end()
            elif name in ("endblocktranslate", "endblocktrans"):
                last = text[int(block["start"]) : found.start()]
                one = str(block.get("one", last))
                trimmed = bool(block["trimmed"])
                yield (
                    str(block["context"]),
                    _block_text(one, trimmed=trimmed),
                    _block_text(last, trimmed=trimmed) if "one" in block else "",
                    int(block["line"]),
                )
                block = None
            continue
        for constant in _CONSTANT.finditer(rest):
            yield "", _unescaped(constant[1]), "", line
        context = _unescaped(said[1]) if (said := _CONTEXT.search(rest)) else ""
        if name in ("translate", "trans") and (first := _FIRST.match(rest)):
            yield context, _unescaped(first[1]), "", line
        elif name in ("blocktranslate", "blocktrans"):
            words = rest.split()
            block = {"start": found.end(), "line": line, "context": context, "trimmed": "trimmed" in words}


def _is_text(node: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _block_text(text: str, *, trimmed: bool) -> str:
    """Return the message that Django makes of a block's inside."""
    message = _VARIABLE.sub(r"%(\1)s", text.replace("%", "%%")) if "{{" in text else text.replace("%", "%%")
    return " ".join(line.strip() for line in message.strip().splitlines()) if trimmed else message


def _unescaped(quoted: str) -> str:
    mark = quoted[0]
    return quoted[1:-1].replace(f"\\{mark}", mark).replace("\\\\", "\\")


def main() -> int:
    """Write what changed, or with `--check` only say it."""
    check = "--check" in sys.argv[1:]
    found = collected()
    changed = False
    for language in PLURALS:
        path = path_of(language)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        entries = merged(language, found)
        target = path.with_suffix(".new")
        catalogue.write(target, entries)
        after = target.read_text(encoding="utf-8")
        if check or after == before:
            target.unlink()
        else:
            target.replace(path)
        changed |= after != before
        done = sum(entry.is_translated for entry in entries[1:])
        sys.stdout.write(f"{language}: {done} of {len(entries) - 1} messages\n")
    if check and changed:
        sys.stdout.write("The catalogues are behind the sources: run `make messages`.\n")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
