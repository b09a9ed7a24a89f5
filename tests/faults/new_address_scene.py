"""This computer's own address changes, as with a new lease: run inside a network namespace of its own.

``unshare -n python new_address_scene.py push|phone`` prints a JSON array: how many datagrams were sent to another
host with the first address, and how many more with the second. All addresses lie in the namespace.
"""

from __future__ import annotations

import json
import subprocess
import sys

FIRST, SECOND, OTHER = "192.168.77.5", "192.168.77.42", "192.168.77.90"
ASK = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
FRAMES = 10


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def address(verb: str, host: str) -> None:
    ip("addr", verb, f"{host}/24", "dev", "lan")


def push() -> tuple[int, int]:
    """To a target that was named."""
    from tracker.output.target import Target
    from tracker.output.udp import RETRY_S, UdpChannel

    now_s = 0.0
    target = Target(OTHER, 11573)
    channel = UdpChannel([target], clock=lambda: now_s)

    def send() -> int:
        nonlocal now_s
        before = channel.sent
        for _ in range(FRAMES):
            channel.send(target, [b"x"])
            now_s += RETRY_S
        return channel.sent - before

    first = send()
    address("del", FIRST)
    address("add", SECOND)
    return first, send()


def phone() -> tuple[int, int]:
    """To a host that asked."""
    import socket

    from tests.output.people import a_person, an_output_frame
    from tracker.output.formats.ifacialmocap import IFacialMocapPhone
    from tracker.output.target import Target

    phone = IFacialMocapPhone(Target("0.0.0.0", 49983, "ifacialmocap+listen"), reply_port=11573)
    address("add", OTHER)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((OTHER, 11573))
        asking.sendto(ASK, (OTHER, phone.port))

        def send() -> int:
            before = phone.sent
            for index in range(FRAMES):
                phone.send(an_output_frame(a_person(), index=index))
            return phone.sent - before

        first = send()
        address("del", OTHER)
        address("del", FIRST)
        address("add", SECOND)
        second = send()
    phone.close()
    return first, second


if __name__ == "__main__":
    ip("link", "set", "lo", "up")
    ip("link", "add", "lan", "type", "bridge")
    ip("link", "set", "lan", "up")
    address("add", FIRST)
    sys.stdout.write(json.dumps({"push": push, "phone": phone}[sys.argv[1]]()))
