"""Speaks a text with espeak-ng, in a process of its own: octets of text on stdin, a telephone's WAV on stdout.

Started by its path with nothing but the standard library, so that it is up at once and costs the sender no time:
what the engine makes at 22,050 Hz is brought down to the 8,000 Hz of the telephone here. Arguments: program, voice,
words a minute (0: the voice's own).
"""

import math
import operator
import resource
import struct
import subprocess
import sys
from array import array

#: Samples a second of the telephone, and how many samples the filter looks at.
RATE = 8_000
TAPS = 32
#: Above this nothing is left, as it would come back as noise.
CUT_HZ = 3_500
#: Longest speech that is made, in seconds.
MAX_SECONDS = 600


def main(program: str, voice: str, speed: str) -> int:
    """Speak what stdin says. Returns the exit code: 3 without the program, 4 when it refuses."""
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    command = [program, "--stdin", "--stdout", "-b", "1", "-v", voice]
    if speed != "0":
        command += ["-s", speed]
    try:
        spoken = subprocess.run(
            command, input=sys.stdin.buffer.read(), capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        sys.stderr.write(str(problem))
        return 3
    if spoken.returncode or len(spoken.stdout) <= 44:
        sys.stderr.write(spoken.stderr.decode(errors="replace")[:200])
        return 4
    rate, samples = read_wav(spoken.stdout)
    sys.stdout.buffer.write(wav(resampled(samples, rate)))
    return 0


def read_wav(octets: bytes) -> tuple[int, array]:  # type: ignore[type-arg]
    """Return the rate and the samples of a WAV of one channel and 16 bits, whose lengths may be wrong."""
    (rate,) = struct.unpack_from("<I", octets, 24)
    begin = octets.index(b"data", 12) + 8
    data = octets[begin : begin + rate * 2 * MAX_SECONDS]
    samples = array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return rate, samples


def resampled(samples: array, rate: int) -> array:  # type: ignore[type-arg]
    """Return the samples at the telephone's rate, low-passed by a windowed sinc."""
    if rate == RATE:
        return samples
    shared = math.gcd(rate, RATE)
    up, down = RATE // shared, rate // shared
    filters = [_filter(phase / up, rate) for phase in range(up)]
    padded = array("h", bytes(TAPS)) + samples + array("h", bytes(2 * TAPS))
    made = array("h")
    for number in range(len(samples) * up // down):
        whole, phase = divmod(number * down, up)
        value = sum(map(operator.mul, filters[phase], padded[whole + 1 : whole + 1 + TAPS]))
        made.append(max(-32768, min(32767, round(value))))
    return made


def wav(samples: array) -> bytes:  # type: ignore[type-arg]
    """Return the samples as a WAV of one channel and 16 bits."""
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    data = samples.tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2,
                       16, b"data", len(data))  # fmt: skip
    return head + data


def _filter(fraction: float, rate: int) -> list[float]:
    """Return the weights of the samples around a moment that lies so far behind the middle one."""
    cut = CUT_HZ / rate * 2
    weights = []
    for tap in range(TAPS):
        x = tap - (TAPS // 2 - 1) - fraction
        sinc = 1.0 if x == 0 else math.sin(math.pi * cut * x) / (math.pi * cut * x)
        window = 0.5 + 0.5 * math.cos(2 * math.pi * x / TAPS)
        weights.append(sinc * window)
    total = sum(weights)
    return [weight / total for weight in weights]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
