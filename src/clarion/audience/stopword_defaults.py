"""The words by which people answer, in the languages that come with the program. A workspace may have its own.

Of each meaning the first row is strong: a message that begins with such a word means it, whatever follows. The
others are everyday words too ("end", "cancel"), and mean it only as the whole message.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A language's words. `stop` holds even when more follows in the message, the others as the whole message."""

    stop: tuple[str, ...]
    stop_alone: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


#: Language (BCP 47) → its words. Read in this order where a word is in several languages.
DEFAULTS: dict[str, Words] = {
    "en": Words(
        stop=("stop", "stopall", "stop all", "unsubscribe", "opt out", "optout"),
        stop_alone=("end", "quit", "cancel", "revoke", "remove", "remove me", "no more"),
        start=("start", "unstop", "subscribe", "opt in", "optin"),
        help=("help", "info"),
    ),
    "de": Words(
        stop=("stopp", "abmelden", "abbestellen", "austragen"),
        stop_alone=("ende", "aus", "kündigen", "löschen"),
        start=("anmelden", "anfangen"),
        help=("hilfe",),
    ),
    "es": Words(
        stop=("baja", "darme de baja", "alto", "cancelar suscripción"),
        stop_alone=("parar", "cancelar", "salir", "fin", "no más"),
        start=("alta", "suscribir", "empezar"),
        help=("ayuda",),
    ),
    "fr": Words(
        stop=("arrêt", "arrêter", "désabonner", "désinscrire", "désinscription"),
        stop_alone=("fin", "annuler", "stop sms"),
        start=("abonner", "inscrire", "reprendre"),
        help=("aide",),
    ),
    "it": Words(
        stop=("disiscriviti", "disiscrivimi", "cancellami"),
        stop_alone=("ferma", "basta", "fine", "annulla"),
        start=("inizia", "iscrivimi"),
        help=("aiuto",),
    ),
    "pt": Words(
        stop=("descadastrar", "cancelar inscrição", "remover"),
        stop_alone=("parar", "pare", "sair", "cancelar", "fim"),
        start=("começar", "inscrever", "iniciar"),
        help=("ajuda",),
    ),
    "nl": Words(
        stop=("afmelden", "uitschrijven"),
        stop_alone=("einde", "stoppen", "uit"),
        start=("aanmelden", "inschrijven"),
        help=("hulp",),
    ),
    "pl": Words(
        stop=("wypisz", "rezygnuję"),
        stop_alone=("koniec", "anuluj", "usuń"),
        start=("zapisz", "wznów"),
        help=("pomoc",),
    ),
    "cs": Words(stop=("odhlásit",), stop_alone=("konec", "zrušit"), start=("přihlásit",), help=("pomoc",)),
    "sv": Words(
        stop=("avregistrera", "avsluta"),
        stop_alone=("sluta", "stoppa"),
        start=("starta", "anmäl"),
        help=("hjälp",),
    ),
    "da": Words(
        stop=("afmeld", "frameld"), stop_alone=("slut",), start=("tilmeld",), help=("hjælp",)
    ),
    "fi": Words(
        stop=("peruuta tilaus", "lopeta"), stop_alone=("peru", "seis"), start=("aloita", "tilaa"), help=("apua", "ohje")
    ),
    "hu": Words(stop=("leiratkozás", "leiratkozom"), stop_alone=("vége",), start=("feliratkozás",), help=("segítség",)),
    "ro": Words(stop=("dezabonare",), stop_alone=("oprește", "gata"), start=("abonare",), help=("ajutor",)),
    "tr": Words(
        stop=("dur", "ret", "iptal", "abonelikten çık"), stop_alone=("çık", "son"), start=("başla", "başlat"),
        help=("yardım",),
    ),
    "ru": Words(
        stop=("стоп", "отписка", "отписаться", "отпишите", "отпишите меня"),
        stop_alone=("отмена", "хватит", "конец"),
        start=("старт", "подписка", "подписаться"),
        help=("помощь", "инфо"),
    ),
    "uk": Words(
        stop=("стоп", "відписка", "відписатися"),
        stop_alone=("скасувати", "кінець"),
        start=("старт", "підписка", "підписатися"),
        help=("допомога",),
    ),
    "bg": Words(stop=("отписване", "спри"), stop_alone=("край",), start=("абониране",), help=("помощ",)),
    "el": Words(stop=("διαγραφή", "στοπ"), stop_alone=("τέλος",), start=("εγγραφή",), help=("βοήθεια",)),
    "ar": Words(
        stop=("إيقاف", "توقف", "الغاء الاشتراك", "إلغاء الاشتراك"),
        stop_alone=("إلغاء", "قف", "كفى"),
        start=("ابدأ", "اشتراك"),
        help=("مساعدة",),
    ),
    "fa": Words(
        stop=("لغو", "لغو اشتراک"), stop_alone=("توقف", "پایان"), start=("شروع", "اشتراک"), help=("کمک", "راهنما")
    ),
    "he": Words(stop=("הסר", "הסרה", "עצור"), stop_alone=("די",), start=("התחל", "הרשמה"), help=("עזרה",)),
    "hi": Words(stop=("रोकें", "बंद करें", "बंद"), stop_alone=("रद्द करें",), start=("शुरू", "शुरू करें"), help=("मदद", "सहायता")),
    "id": Words(stop=("berhenti",), stop_alone=("batal",), start=("mulai", "daftar"), help=("bantuan",)),
    "vi": Words(stop=("dừng", "hủy đăng ký"), stop_alone=("hủy",), start=("bắt đầu", "đăng ký"), help=("trợ giúp",)),
    "th": Words(stop=("ยกเลิก", "หยุด"), start=("เริ่ม", "สมัคร"), help=("ช่วยเหลือ",)),
    "zh": Words(
        stop=("退订", "退訂", "停止", "取消订阅", "取消訂閱"),
        stop_alone=("取消",),
        start=("开始", "開始", "订阅", "訂閱"),
        help=("帮助", "幫助"),
    ),
    "ja": Words(
        stop=("停止", "配信停止", "ストップ", "退会"), stop_alone=("解除",), start=("開始", "登録"), help=("ヘルプ",)
    ),
    "ko": Words(stop=("수신거부", "중지"), stop_alone=("취소",), start=("시작",), help=("도움말",)),
}  # fmt: skip
