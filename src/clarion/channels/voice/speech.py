"""Text to speech: each distinct text is made into a recording once, and kept.

An engine is a name in ENGINES and a way to make octets of a WAV (8,000 Hz, 16 bits, one channel, which every exchange
plays). Files lie in one folder under names that nobody can guess, for the exchange fetches them by that name alone.
"""

import asyncio
import contextlib
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from pathlib import Path

_CHILD = Path(__file__).with_name("speech_child.py")
#: Seconds for one text.
RENDER_SECONDS = 90.0
#: Renderings at once: they take a core each.
AT_ONCE = 2
#: Recordings that nobody has asked for in so many seconds are deleted, and the oldest beyond so many octets.
KEEP_SECONDS = 7 * 24 * 3600.0
KEEP_OCTETS = 2_000_000_000
#: Looked at after so many new ones.
_LOOK_AFTER = 200


class SpeechFailed(Exception):
    """The text could not be spoken. `is_engines`: no text can."""

    def __init__(self, words: str, *, is_engines: bool = False) -> None:
        super().__init__(words)
        self.is_engines = is_engines


async def espeak(text: str, voice: str, speed: int) -> bytes:
    """Speak with espeak-ng, which is free and on every distribution. Raises SpeechFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(_CHILD), "espeak-ng", voice or "en-us", str(speed),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(RENDER_SECONDS):
            made, said = await process.communicate(text.encode("utf-8", "replace"))
    except TimeoutError:
        raise SpeechFailed("espeak-ng took too long") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    words = " ".join(said.decode(errors="replace").split())[:120]
    if process.returncode == 3:
        raise SpeechFailed(f"espeak-ng cannot be started: {words}", is_engines=True)
    if process.returncode:
        raise SpeechFailed(f"espeak-ng refused: {words}")
    return made


#: Name → (text, voice, words a minute) → WAV.
ENGINES: dict[str, Callable[[str, str, int], Awaitable[bytes]]] = {"espeak-ng": espeak}


def name_of(*, key: bytes, engine: str, voice: str, speed: int, text: str) -> str:
    """Return the name of a text's recording, without its ending: the same for the same, guessable for nobody."""
    told = "\0".join([engine, voice, str(speed), text])
    return blake2b(told.encode("utf-8", "replace"), key=key[:64], digest_size=20).hexdigest()


class Speech:
    """The recordings in one folder, for one sender's engine."""

    def __init__(self, folder: Path, engine: str, *, readable: bool = False) -> None:
        """`readable`: by other users of the machine, such as the exchange's own."""
        self._folder, self._engine, self._readable = folder, ENGINES[engine], readable
        self._under_way: dict[str, asyncio.Task[Path]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._made = 0

    async def recording(self, name: str, *, text: str, voice: str, speed: int) -> Path:
        """Return where the text's recording is, making it if it is not there. Raises SpeechFailed."""
        path = self._folder / f"{name}.wav"
        if path.exists():
            with contextlib.suppress(OSError):
                os.utime(path)
            return path
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(self._make(path, text, voice, speed))
            self._under_way[name] = task
            task.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """End what is being made."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, name: str, task: "asyncio.Task[Path]") -> None:
        self._under_way.pop(name, None)
        if not task.cancelled():
            task.exception()  # whoever waits is told; nobody may be waiting any more

    async def _make(self, path: Path, text: str, voice: str, speed: int) -> Path:
        async with self._slots:
            octets = await self._engine(text, voice, speed)
        try:
            await asyncio.to_thread(self._keep, path, octets)
        except OSError as problem:
            raise SpeechFailed(
                f"the recording cannot be written: {problem.strerror}", is_engines=True
            ) from None
        self._made += 1
        if self._made % _LOOK_AFTER == 1:
            await asyncio.to_thread(tidy, self._folder)
        return path

    def _keep(self, path: Path, octets: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o755 if self._readable else 0o700)
        beside = path.with_name(f".{secrets.token_hex(8)}")
        try:
            beside.write_bytes(octets)
            beside.chmod(0o644 if self._readable else 0o600)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Delete recordings that nobody asks for any more, and the oldest of too many."""
    now, kept = time.time(), 0
    found = []
    for path in folder.glob("*.wav"):
        with contextlib.suppress(OSError):
            facts = path.stat()
            found.append((facts.st_mtime, facts.st_size, path))
    for used_at, size, path in sorted(found, reverse=True):
        kept += size
        if now - used_at > KEEP_SECONDS or kept > KEEP_OCTETS:
            path.unlink(missing_ok=True)
