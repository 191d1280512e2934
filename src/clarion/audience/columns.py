"""What the columns of a file mean: names for templates, the contact's fields, and which column is the address."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from clarion.channels import registry
from clarion.lib.sentences import spoken

#: Fields of a contact that a column can be mapped to. `attribute:NAME`, `address:KIND`, `consent:CHANNEL` and ""
#: (left out) exist beside them.
FIELDS = {
    "email": _("E-mail address"),
    "phone": _("Phone number"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "language": _("Language"),
    "zone": _("Time zone"),
    "tags": _("Tags"),
}
ATTRIBUTE = "attribute:"
#: A further address of a kind, as in `address:phone`; and consent to a channel, as in `consent:email`.
FURTHER = "address:"
CONSENT = "consent:"
#: Characters of a variable's name.
MAX_VARIABLE = 60
#: Words that mean something to the template language.
_RESERVED_WORDS = (
    "and or not in is if else elif endif for endfor set true false none True False None loop self super "
    "block macro import include extends filter with"
)
_RESERVED = frozenset(_RESERVED_WORDS.split())
_NOT_WORD = re.compile(r"\W+")
#: Column names as they are met in files, letters only, in English, German, French, Spanish, Portuguese, Italian,
#: Dutch, Polish, Russian, Turkish, Arabic, Chinese and Japanese.
_SYNONYMS = {
    "email": (
        "email emailaddress mail mailaddress emailadresse adressemail courriel adresseemail adresseelectronique "
        "correo correoelectronico direcciondecorreo emailendereco enderecodeemail indirizzoemail postaelettronica "
        "emailadres adresemail poczta почта электроннаяпочта емейл имейл eposta البريدالإلكتروني بريدإلكتروني "
        "البريد 邮箱 电子邮件 电子邮箱 メール メールアドレス emailid useremail contactemail subscriberemail"
    ),
    "phone": (
        "phone phonenumber mobile mobilephone mobilenumber cell cellphone msisdn tel telephone telefon "
        "telefonnummer handy handynummer mobil mobilnummer rufnummer portable numerodetelephone telefono movil "
        "celular telemovel cellulare telefoon telefoonnummer komorka numertelefonu телефон номертелефона мобильный "
        "telefonnumarasi cep هاتف الهاتف جوال 手机 手机号 电话 電話 電話番号 携帯 whatsapp"
    ),
    "first_name": (
        "firstname givenname forename first vorname rufname prenom nombre primernombre primeironome nomeproprio "
        "voornaam imie имя ad isim الاسمالأول 名 名字 fname"
    ),
    "last_name": (
        "lastname surname familyname last nachname familienname zuname nomdefamille apellido apellidos sobrenome "
        "apelido cognome achternaam nazwisko фамилия soyad soyadi اسمالعائلة 姓 姓氏 lname"
    ),
    "language": "language lang locale sprache langue idioma lingua taal jezyk язык dil اللغة 语言 言語",
    "zone": "timezone zone tz zeitzone fuseauhoraire zonahoraria fusohorario fusoorario tijdzone часовойпояс 时区",
    "tags": "tags tag labels label schlagworte stichworte etiquettes etiquetas etichette trefwoorden теги 标签 タグ",
}
_FIELD_OF = {word: field for field, words in _SYNONYMS.items() for word in words.split()}


def variable_names(columns: Iterable[str]) -> list[str]:
    """Return the names by which templates know the columns: `First Name` → `first_name`. All differ.

    Letters of other scripts stay, accents of Latin ones go; `Straße 2` → `strasse_2`.
    """
    taken: set[str] = set()
    names: list[str] = []
    for number, column in enumerate(columns, start=1):
        base = slug(column) or f"column_{number}"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        names.append(name)
    return names


def fingerprint(columns: Iterable[str]) -> str:
    """Return by what files with the same headers are known: SHA-256 in hex; case and blanks do not count."""
    words = "\x1f".join(" ".join(column.casefold().split()) for column in columns)
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def slug(column: str) -> str:
    """Return the name as an identifier of the template language; empty when nothing of it is left."""
    plain = _without_accents(column.strip().replace("ß", "ss"))
    name = _NOT_WORD.sub("_", plain.lower()).strip("_")[:MAX_VARIABLE]
    if name and (name in _RESERVED or not name.isidentifier()):
        name = f"column_{name}"
    return name if name.isidentifier() else ""


def suggest_field(column: str) -> str:
    """Return the contact's field that a column of this name is likely to hold, or ""."""
    letters = _NOT_WORD.sub("", column.lower()).replace("_", "")
    return _FIELD_OF.get(letters) or _FIELD_OF.get(_without_accents(letters), "")


def suggest_mapping(columns: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return {variable name: field} for an import: each field once, what has no field becomes an attribute."""
    names = variable_names(columns)
    fields = [suggest_field(column) for column in columns]
    by_content = address_index(columns, sample)
    if by_content is not None:
        fields = ["" if field == "email" else field for field in fields]
        fields[by_content] = "email"
    mapping: dict[str, str] = {}
    for name, field in zip(names, fields, strict=True):
        is_free = field and field not in mapping.values()
        mapping[name] = field if is_free else f"{ATTRIBUTE}{name}"
    return mapping


def address_index(
    columns: Sequence[str], sample: Sequence[Sequence[str]], *, kind: str = "email"
) -> int | None:
    """Return which column holds the addresses, by its values first and its name second; None if none does."""
    best, best_score = None, 0.0
    for index, column in enumerate(columns):
        values = [row[index].strip() for row in sample if index < len(row) and row[index].strip()]
        share = sum(map(_LOOKS.get(kind, _is_plain), values)) / len(values) if values else 0.0
        is_named = _names(column, kind)
        # A name counts as much as a third of the values: it decides between two columns of addresses.
        score = share + (0.34 if is_named else 0.0)
        if score > best_score and (share >= 0.5 or is_named):
            best, best_score = index, score
    return best


def index_of(columns: Sequence[str], wanted: str) -> int | None:
    """Return the index of the column with that name or variable name, whatever its case."""
    names = variable_names(columns)
    for candidates in (columns, names, [column.strip().lower() for column in columns]):
        if wanted in candidates:
            return list(candidates).index(wanted)
    return None


def check_mapping(columns: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a mapping of variable names to fields, as sentences."""
    problems = []
    unknown = set(mapping) - set(variable_names(columns))
    if unknown:
        problems.append(str(_("The file has no column %(name)s.")) % {"name": ", ".join(sorted(unknown))})
    used = [field for field in mapping.values() if field]
    for field in sorted({field for field in used if used.count(field) > 1 and not field.startswith(FURTHER)}):
        problems.append(str(_("Two columns are meant to be %(field)s.")) % {"field": label_of(field)})
    for field in used:
        if not _is_field(field):
            problems.append(str(_("There is no field %(field)s.")) % {"field": field})
    if "email" not in used and "phone" not in used:
        problems.append(str(_("Choose the column with the e-mail address or the phone number.")))
    return problems


def _is_field(field: str) -> bool:
    from clarion.audience import addresses  # it asks the channels, which are imported on first use only

    if field.startswith(FURTHER):
        return field[len(FURTHER) :] in addresses.kinds()
    if field.startswith(CONSENT):
        return field[len(CONSENT) :] in registry.CHANNELS
    return field in FIELDS or bool(field.startswith(ATTRIBUTE) and slug(field[len(ATTRIBUTE) :]))


def beside_fields() -> dict[str, str]:
    """Return what else a column can be: a further address of a kind, or consent to a channel, with their names."""
    from clarion.audience import addresses

    further = {
        f"{FURTHER}{kind}": str(_("Further address: %(kind)s") % {"kind": addresses.label_of(kind)})
        for kind in addresses.kinds()
    }
    consents = {
        f"{CONSENT}{channel.name}": str(
            _("Consent (yes or no): %(channel)s") % {"channel": spoken(channel.label)}
        )
        for channel in registry.all_channels()
    }
    return further | consents


def label_of(field: str) -> str:
    """Return a field's name for people."""
    if field.startswith((FURTHER, CONSENT)):
        return beside_fields().get(field, field)
    return str(FIELDS.get(field, field.removeprefix(ATTRIBUTE)))


def _without_accents(text: str) -> str:
    """Return the text with Latin letters bare. Marks of other scripts carry meaning and stay."""
    kept: list[str] = []
    after_latin = False
    for character in unicodedata.normalize("NFKD", text):
        if unicodedata.combining(character):
            if not after_latin:
                kept.append(character)
        else:
            after_latin = character.isascii()
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def _has_at(value: str) -> bool:
    return "@" in value[1:-1] and " " not in value


def _is_phone(value: str) -> bool:
    digits = sum(map(str.isdigit, value))
    return 6 <= digits <= 15 and all(character in "+()-./ 0123456789" for character in value)


def _is_subscription(value: str) -> bool:
    return value.startswith(("https://", "http://")) and value.count(" ") == 2


def _is_plain(value: str) -> bool:
    """Chats have numbers, and so have a thousand other things: only the column's name can tell."""
    return False


_LOOKS = {"email": _has_at, "phone": _is_phone, "webpush": _is_subscription}
#: Names of columns with addresses that are no fields of a contact, letters only.
_NAMES = {
    "telegram": frozenset({"telegram", "telegramid", "telegramchat", "telegramchatid", "chatid", "chat"}),
    "webpush": frozenset({"webpush", "subscription", "pushsubscription"}),
}


def _names(column: str, kind: str) -> bool:
    """Whether a column of this name is likely to hold addresses of the kind."""
    letters = _NOT_WORD.sub("", column.lower()).replace("_", "")
    return letters in _NAMES[kind] if kind in _NAMES else suggest_field(column) == kind
