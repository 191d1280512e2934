"""What a file is, by its octets."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.content import media
from clarion.content.fileheads import kind_of
from tests.pictures import gif_head, jpeg_head, png, webp_head


@pytest.mark.parametrize(
    ("octets", "content_type"),
    [(png(30, 20), "image/png"), (jpeg_head(30, 20), "image/jpeg"), (gif_head(30, 20), "image/gif"),
     (webp_head(30, 20), "image/webp")],
)  # fmt: skip
def test_a_picture_is_told_with_its_size_whatever_it_is_called(octets: bytes, content_type: str) -> None:
    kind = kind_of(octets, "anything.svg")

    assert kind is not None
    assert (kind.content_type, kind.width, kind.height) == (content_type, 30, 20)


@pytest.mark.parametrize(
    ("octets", "name", "content_type"),
    [(b"%PDF-1.7\n", "a", "application/pdf"), (b"PK\x03\x04", "a.zip", "application/zip"),
     ("Zoë;1".encode(), "a.csv", "text/csv"), (b"RIFF\0\0\0\0WAVE", "a", "audio/wav"),
     (b"\0\0\0\x18ftypmp42", "a.mp4", "video/mp4")],
)  # fmt: skip
def test_documents_are_known(octets: bytes, name: str, content_type: str) -> None:
    kind = kind_of(octets, name)

    assert kind is not None
    assert (kind.content_type, kind.width) == (content_type, None)


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", "a.svg"),
        (b"<html><script>x</script>", "a.html"), (b"MZ\x90\0", "a.exe"), (b"\0\1\2", "a.txt"), (b"PK\x03\x04", "a.jar"),
        (b"\x89PNG\r\n\x1a\n", "a.png"), (png(0, 5), "a.png"), (b"\xff\xd8\xff", "a.jpg"), (b"GIF8", "a.gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp"), (b"", "a.txt.exe"), (b"#!/bin/sh", "run"),
    ],
)  # fmt: skip
def test_pages_programs_and_broken_pictures_are_nothing(octets: bytes, name: str) -> None:
    assert kind_of(octets, name) is None


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF", b"%PDF-", b""]),
    st.binary(max_size=200),
)
def test_whatever_the_octets_are_they_are_answered(head: bytes, rest: bytes) -> None:
    kind = kind_of(head + rest, "a.png")

    assert kind is None or kind.width is None or kind.width > 0


def test_a_jpeg_of_segments_alone_is_walked_once() -> None:
    assert (
        kind_of(b"\xff\xd8\xff\xe0" + struct.pack(">H", 2) + (b"\xff\xe0\x00\x02" * 500_000), "a.jpg") is None
    )


@pytest.mark.parametrize(
    ("given_name", "name"),
    [("Frühling Sale!.PNG", "fruhling-sale.png"), ("../../etc/passwd", "passwd.png"), ("C:\\x\\a b.jpeg", "a-b.png"),
     ("", "file.png"), ("日本.png", "file.png"), (".htaccess", "file.png"), ("a" * 300, "a" * 80 + ".png")],
)  # fmt: skip
def test_names_are_safe_in_an_address(given_name: str, name: str) -> None:
    assert media.safe_name(given_name, "png") == name
