from __future__ import annotations

import os
import signal

from gatewright.server.signals import hearing


def test_heard() -> None:
    """Each signal is a byte, and none does anything else."""
    with hearing([signal.SIGHUP, signal.SIGUSR2]) as (heard, _):
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGUSR2)
        numbers = os.read(heard, 1) + os.read(heard, 1)
    assert set(numbers) == {signal.SIGHUP, signal.SIGUSR2}


def test_too_many() -> None:
    """More signals than anybody reads are no error."""
    with hearing([signal.SIGHUP]) as (heard, told):
        try:
            while True:
                os.write(told, b"x" * 1000)
        except BlockingIOError:
            pass
        os.kill(os.getpid(), signal.SIGHUP)
        assert os.read(heard, 1) == b"x"


def test_afterwards() -> None:
    """Afterwards signals do what they did before."""
    before = signal.getsignal(signal.SIGHUP)
    with hearing([signal.SIGHUP]):
        during = signal.getsignal(signal.SIGHUP)
    assert (signal.getsignal(signal.SIGHUP), during is before) == (before, False)
