"""What a mail domain tells the world about its senders: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

import dns.exception
import dns.resolver

#: Seconds for one look-up, over all name servers.
LOOK_UP_SECONDS = 3.0
#: Most look-ups that SPF allows (RFC 7208, 4.6.4) are a receiver's concern; we read the record only.
SPF, DKIM, DMARC = "SPF", "DKIM", "DMARC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One look-up's result. `verdict` is good, warning or unseen."""

    name: str
    verdict: str
    seen: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class MailDomain:
    """The domain of a From address, and the selector its DKIM key is published under, if it signs."""

    name: str
    selector: str


def domain_of(config: Mapping[str, Any]) -> MailDomain | None:
    """Return the mail domain of a sender's settings, or None when they hold no From address."""
    for name, value in config.items():
        if name.startswith("from") and isinstance(value, str) and "@" in value:
            domain = parseaddr(value)[1].rpartition("@")[2].lower().rstrip(".")
            if domain:
                return MailDomain(domain, str(config.get("dkim_selector") or ""))
    return None


def look_up(domain: MailDomain) -> Iterator[Record]:
    """Ask for each record in turn. A failed look-up is reported as such, never as a missing record."""
    yield _judge(
        SPF, domain.name, "v=spf1", "Publish who may send for the domain: a TXT record v=spf1 … -all."
    )
    yield _judge(
        DMARC,
        f"_dmarc.{domain.name}",
        "v=DMARC1",
        "Publish a TXT record v=DMARC1; p=none; rua=mailto:… and read the reports before you tighten it.",
    )
    if domain.selector:
        yield _judge(
            DKIM,
            f"{domain.selector}._domainkey.{domain.name}",
            "v=DKIM1",
            "Publish the public key shown on the sender's page.",
        )


def _judge(name: str, place: str, beginning: str, cure: str) -> Record:
    try:
        texts = _texts(place)
    except dns.exception.DNSException as problem:
        reason = str(problem).splitlines()[0][:120] or type(problem).__name__
        return Record(name=name, verdict="unseen", seen=f"could not look up {place}: {reason}")
    found = [text for text in texts if text.lower().startswith(beginning.lower())]
    if not found:
        return Record(name=name, verdict="warning", seen=f"no record at {place}", cure=cure)
    if len(found) > 1:
        return Record(
            name=name, verdict="warning", seen=f"{len(found)} records at {place}", cure="Keep one of them."
        )
    return Record(name=name, verdict="good", seen=found[0][:200])


def _texts(place: str) -> list[str]:
    """Return the TXT records at a name, none if there are none. Raises DNSException when nobody can tell."""
    try:
        answer = dns.resolver.resolve(place, "TXT", lifetime=LOOK_UP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]
