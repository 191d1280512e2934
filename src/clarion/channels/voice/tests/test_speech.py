"""Texts as recordings: each once, of the telephone's kind, and gone when nobody asks for them."""

from __future__ import annotations

import asyncio
import os
import struct
from array import array
from math import pi, sin
from pathlib import Path

import pytest

from clarion.channels.voice import speech, speech_child
from clarion.channels.voice.speech import Speech, SpeechFailed

pytestmark = pytest.mark.anyio


class Engine:
    """Makes nothing but counts."""

    def __init__(self) -> None:
        self.made: list[str] = []

    async def __call__(self, text: str, voice: str, speed: int) -> bytes:
        self.made.append(text)
        await asyncio.sleep(0)
        if text == "unspeakable":
            raise SpeechFailed("no")
        return b"RIFF" + text.encode()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setitem(speech.ENGINES, "test", made)
    return made


async def test_a_text_is_spoken_once_however_many_ask_at_once(engine: Engine, tmp_path: Path) -> None:
    voice = Speech(tmp_path / "voice", "test")
    paths = await asyncio.gather(
        *(voice.recording("a", text="Hello", voice="", speed=0) for _ in range(5)),
        voice.recording("b", text="Bye", voice="", speed=0),
    )
    await Speech(tmp_path / "voice", "test").recording("a", text="Hello", voice="", speed=0)

    assert sorted(engine.made) == ["Bye", "Hello"]
    assert paths[0].read_bytes() == b"RIFFHello"
    assert paths[0].stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in (tmp_path / "voice").iterdir()) == ["a.wav", "b.wav"]


async def test_a_text_that_cannot_be_spoken_leaves_nothing_and_may_be_tried_again(
    engine: Engine, tmp_path: Path
) -> None:
    voice = Speech(tmp_path, "test")
    for _ in range(2):
        with pytest.raises(SpeechFailed):
            await voice.recording("c", text="unspeakable", voice="", speed=0)

    assert len(engine.made) == 2
    assert not list(tmp_path.iterdir())


async def test_without_the_program_it_is_the_engines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(SpeechFailed) as failure:
        await speech.espeak("Hello", "en-us", 0)

    assert failure.value.is_engines


def test_what_nobody_asks_for_is_deleted_and_the_oldest_of_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "KEEP_OCTETS", 25)
    for name, age in (("old", 8 * 86_400), ("first", 300), ("second", 200), ("third", 100)):
        path = tmp_path / f"{name}.wav"
        path.write_bytes(b"x" * 10)
        at = path.stat().st_mtime - age
        os.utime(path, (at, at))

    speech.tidy(tmp_path)

    assert sorted(path.stem for path in tmp_path.iterdir()) == ["second", "third"]


def _tone(hertz: int, rate: int) -> array[int]:
    return array("h", [round(10_000 * sin(2 * pi * hertz * n / rate)) for n in range(rate // 4)])


def _loudness(samples: array[int]) -> float:
    return float((sum(one * one for one in samples) / len(samples)) ** 0.5)


def test_speech_is_brought_down_to_the_telephones_rate_without_what_it_cannot_carry() -> None:
    kept = speech_child.resampled(_tone(1000, 22_050), 22_050)
    gone = speech_child.resampled(_tone(6000, 22_050), 22_050)
    octets = speech_child.wav(kept)

    assert abs(len(kept) - 2000) <= 1
    assert 6500 < _loudness(kept) < 7500
    assert _loudness(gone) < 700
    assert struct.unpack_from("<HHI", octets, 20) == (1, 1, 8000)
    assert speech_child.read_wav(octets)[0] == 8000
