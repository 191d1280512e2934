"""What a composed mail looks like to others."""

import email
import email.policy
from base64 import b64encode
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.channels.email.composer import BOUNCE, UNSUBSCRIBE
from clarion.channels.email.tests.making import KEY, make_claim, make_config
from clarion.channels.email.tests.reading import anything, body_of, compose, parsed, unstuffed
from clarion.engine.messages import RenderFailed
from clarion.lib import tokens

#: Text without the control characters that never go out.
printable = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)
LINE_ENDS = "\r\n"


class TestHeaders:
    def test_a_mail_says_who_what_when_and_how_to_get_no_more(self) -> None:
        config = make_config(
            from_name="Ännes Laden",
            reply_to="help@example.test",
            list_id="news.example.test",
            feedback_id="7:shop:mail",
            unsubscribe_mailto="bye@example.test",
        )
        message = parsed(compose(settings=config, to_name="{{ name }}"))

        token = tokens.make(UNSUBSCRIBE, KEY, 7, 42)
        assert message["From"] == "Ännes Laden <shop@example.test>"
        assert message["To"] == "Ana <ana@example.test>"
        assert message["Reply-To"] == "help@example.test"
        assert message["Subject"] == "Hello Ana"
        assert message["Message-ID"] == f"<{tokens.make(BOUNCE, KEY, 7, 42)}@example.test>"
        assert message["Date"].datetime.utcoffset().total_seconds() == 0
        assert message["List-Unsubscribe"] == (
            f"<https://clarion.example.test/u/{token}>, <mailto:bye@example.test?subject=unsubscribe>"
        )
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Id"] == "<news.example.test>"
        assert message["Feedback-ID"] == "7:shop:mail"

    def test_each_delivery_has_its_own_return_path_when_asked(self) -> None:
        mail = compose(settings=make_config(verp=True, verp_domain="bounces.example.test"))

        assert mail.sender == f"bounce+{tokens.make(BOUNCE, KEY, 7, 42)}@bounces.example.test".encode()

    def test_a_fixed_return_path_is_used_as_it_is(self) -> None:
        assert compose(settings=make_config(return_path="b@example.test")).sender == b"b@example.test"

    @given(value=anything)
    def test_no_value_can_make_a_header_or_a_body(self, value: str) -> None:
        mail = compose(
            claim=make_claim(name=value), subject="Re: {{ name }}", to_name="{{ name }}", html="", text="x"
        )

        wire = unstuffed(mail.wire())
        head = wire.split(b"\r\n\r\n")[0]
        names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
        assert names == [
            b"To",
            b"Subject",
            b"Date",
            b"Message-ID",
            b"List-Unsubscribe",
            b"From",
            b"List-Unsubscribe-Post",
            b"Precedence",
            b"MIME-Version",
            b"Content-Type",
            b"Content-Transfer-Encoding",
        ]
        assert head.replace(b"\r\n", b"").isascii()
        assert b"\r" not in head.replace(b"\r\n", b"")
        assert all(len(line) <= 998 for line in head.split(b"\r\n"))

    @given(value=printable)
    def test_a_subject_is_read_as_it_was_meant(self, value: str) -> None:
        message = parsed(compose(claim=make_claim(name=value), subject="x{{ name }}x"))

        assert str(message["Subject"]) == f"x{value}x"

    @given(value=printable)
    def test_a_recipients_name_is_read_as_it_was_meant(self, value: str) -> None:
        mail = compose(claim=make_claim(name=value), to_name="x{{ name }}x")

        # The older parser: the newer one leaves a space between two encoded words of a display name.
        field = email.message_from_bytes(unstuffed(mail.wire()), policy=email.policy.compat32)["To"]
        name, address = parseaddr(" ".join(field.splitlines()))
        assert str(make_header(decode_header(name))).split() == f"x{value}x".split()
        assert address == "ana@example.test"

    @pytest.mark.parametrize("length", [10, 70, 80, 500, 2000])
    @pytest.mark.parametrize("word", ["word ", "wort-ohne-ende", "Größe ", "漢字"])
    def test_long_subjects_are_folded(self, word: str, length: int) -> None:
        subject = (word * length)[:length].strip()
        mail = compose(claim=make_claim(name=subject), subject="{{ name }}")

        head = mail.wire().split(b"\r\n\r\n")[0]
        field = head[head.index(b"Subject:") : head.index(b"\r\nDate:")]
        assert max(map(len, field.split(b"\r\n"))) <= 78
        assert str(parsed(mail)["Subject"]) == subject

    def test_an_international_address_stands_in_the_header_as_it_is(self) -> None:
        mail = compose(claim=make_claim(address="änne@example.test"))

        assert mail.needs_utf8
        assert "To: änne@example.test\r\n".encode() in mail.wire()

    @pytest.mark.parametrize(
        "address",
        ["a b@example.test", "a@example.test>\r\nRCPT TO:<x@y.test", "a,b@example.test", "nobody", ""],
    )
    def test_an_address_that_could_leave_its_command_is_refused(self, address: str) -> None:
        with pytest.raises(RenderFailed):
            compose(claim=make_claim(address=address))


class TestBodies:
    @settings(max_examples=60)
    @given(before=printable, value=anything, after=printable, eight_bit=st.booleans())
    def test_text_and_html_are_read_as_they_were_meant(
        self, before: str, value: str, after: str, eight_bit: bool
    ) -> None:
        before, after = before.replace("{", "("), after.replace("{", "(")
        mail = compose(
            claim=make_claim(name=value),
            text=f"{before}\n{{{{ name }}}}\n{after}",
            html=f"<pre>{before}\n{{{{ name }}}}</pre>",
        )

        message = parsed(mail, eight_bit=eight_bit)

        kept = "".join(c for c in value.replace("\r\n", "\n").replace("\r", "\n") if c >= " " or c in "\t\n")
        kept = kept.replace("\x7f", "").replace("\x1f", "")
        # The parser takes more characters for line ends than mail has; line ends are compared apart.
        assert "".join(body_of(message, "plain").split()) == "".join(f"{before}\n{kept}\n{after}".split())
        assert body_of(message, "html").startswith("<pre>")

    @pytest.mark.parametrize("eight_bit", [True, False])
    @pytest.mark.parametrize(
        "text",
        [
            ".",
            "..",
            ".\n.\n",
            "\n.hidden\n",
            "x\n.\nRSET",
            "." * 2000,
            "Größe " * 500,
            "tail \t",
            "a\r\rb",
            "=3D=",
        ],
    )
    def test_awkward_lines_arrive(self, text: str, eight_bit: bool) -> None:
        constant = compose(text=text, html="")
        personal = compose(text="{{ name }}", html="", claim=make_claim(name=text))

        expected = text.replace("\r\r", "\n\n").rstrip("\n")
        for mail in (constant, personal):
            wire = mail.wire(eight_bit=eight_bit)
            assert all(len(line) <= 998 for line in wire.split(b"\r\n"))
            assert eight_bit or wire.isascii()
            content = parsed(mail, eight_bit=eight_bit).get_content()
            assert content.replace("\r\n", "\n").rstrip("\n") == expected

    def test_lines_of_quoted_printable_are_short(self) -> None:
        mail = compose(text="Größe {{ name }} " * 40, html="", claim=make_claim(name="ü" * 25))

        body = mail.wire(eight_bit=False).split(b"\r\n\r\n", 1)[1]
        assert max(map(len, body.split(b"\r\n"))) <= 76

    def test_one_long_value_makes_only_its_own_part_quoted(self) -> None:
        mail = compose(text="Hello", html="<p>{{ name }}</p>", claim=make_claim(name="x" * 1000))

        encodings = [
            part["Content-Transfer-Encoding"] for part in parsed(mail).walk() if not part.is_multipart()
        ]
        assert encodings == ["8bit", "quoted-printable"]

    def test_html_escapes_what_variables_bring_and_text_does_not(self) -> None:
        message = parsed(compose(claim=make_claim(name="<b>&")))

        assert "Hello &lt;b&gt;&amp;," in body_of(message, "html")
        assert "Hello <b>&:" in body_of(message, "plain")

    def test_a_text_is_made_from_the_html_if_there_is_none(self) -> None:
        message = parsed(
            compose(text="", html="<h1>Hi {{ name }}</h1><p>See <a href='https://a.test/x'>this</a></p>")
        )

        assert body_of(message, "plain") == "Hi Ana\n\nSee this (https://a.test/x)\n"

    def test_a_preheader_stands_first_in_the_html_and_not_in_the_text(self) -> None:
        message = parsed(
            compose(html="<body class=x><p>Hi</p></body>", text="", preheader="For {{ name }} & <you>")
        )

        assert "<body class=x><div style=" in body_of(message, "html")
        assert ">For Ana &amp; &lt;you&gt;</div><p>Hi</p>" in body_of(message, "html")
        assert body_of(message, "plain") == "Hi\n"

    def test_a_missing_variable_is_named(self) -> None:
        with pytest.raises(RenderFailed, match=r"“points” is missing .in the text, line 2"):
            compose(text="Hello\n{{ points }}")

    def test_the_unsubscribe_link_is_not_spelled_in_entities(self) -> None:
        token = tokens.make(UNSUBSCRIBE, KEY, 7, 42)

        assert f"href='https://clarion.example.test/u/{token}'" in body_of(parsed(compose()), "html")


class TestFiles:
    def test_attachments_and_pictures_arrive_as_they_are(self) -> None:
        picture, report = bytes(range(256)) * 10, b"report\n" * 100
        message = parsed(
            compose(
                html="<img src='cid:logo@x'>",
                attachments=[
                    {
                        "filename": "logo.png",
                        "content_type": "image/png",
                        "content_b64": b64encode(picture).decode(),
                        "cid": "logo@x",
                    },
                    {
                        "filename": "Prüfbericht „März“.txt",
                        "content_type": "application/octet-stream",
                        "content_b64": b64encode(report).decode(),
                    },
                ],
            )
        )

        (attached,) = message.iter_attachments()
        assert message.get_content_type() == "multipart/mixed"
        assert attached.get_content() == report
        assert attached.get_filename() == "Prüfbericht „März“.txt"
        inline = next(part for part in message.walk() if part["Content-ID"] == "<logo@x>")
        assert inline.get_content() == picture
        assert inline.get_content_disposition() == "inline"

    @pytest.mark.parametrize("name", ["a b.txt", 'quo"te.txt', "ü" * 150, "x" * 150, "%41.txt", "漢" * 100])
    def test_file_names_are_read_as_they_were_meant(self, name: str) -> None:
        message = parsed(compose(attachments=[{"filename": name, "content_b64": ""}]))

        (attached,) = message.iter_attachments()
        assert attached.get_filename() == name


class TestTracking:
    HTML = (
        "<body><a href='https://shop.test/a?x=1&amp;y=2'>A</a><a href='{{ unsubscribe_url }}'>no more</a>"
        "<a href='https://shop.test/{{ name }}'>B</a></body>"
    )

    def links(self) -> tuple[str, ...]:
        from clarion.channels.email import content
        from clarion.channels.email.channel import EmailChannel

        return tuple(EmailChannel().links_of(content.check({"subject": "s", "html": self.HTML, "text": ""})))

    def test_links_in_html_and_text_lead_through_us_and_the_image_ends_the_body(self) -> None:
        mail = compose(html=self.HTML, text="", links=self.links(), tracks_opens=True)
        message = parsed(mail)

        token = tokens.make("click", KEY, 7, 42)
        base = f"https://clarion.example.test/c/{token}/"
        html, text = body_of(message, "html"), body_of(message, "plain")
        assert self.links() == ("https://shop.test/a?x=1&y=2", "https://shop.test/{{ name }}")
        assert f"href='{base}1'" in html
        assert f"href='{base}2'" in html
        assert "shop.test" not in html + text
        assert f"({base}1)" in text
        assert "https://clarion.example.test/u/" in html
        image = f"https://clarion.example.test/o/{tokens.make('open', KEY, 7, 42)}.gif"
        assert html.rstrip().endswith("</body>")
        assert html.count(f'<img src="{image}"') == 1
        assert image not in text

    def test_without_tracking_a_mail_is_what_it_was(self) -> None:
        html = body_of(parsed(compose(html=self.HTML)), "html")

        assert "https://shop.test/a?x=1&amp;y=2" in html
        assert "/c/" not in html
        assert "<img" not in html

    def test_only_links_stored_with_the_run_lead_through_us(self) -> None:
        html = body_of(parsed(compose(html=self.HTML, links=self.links()[1:])), "html")

        assert "https://shop.test/a" in html
        assert "/1'>B</a>" in html
