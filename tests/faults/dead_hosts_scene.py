"""Two machines with a cable between them, and hosts that are switched off: run inside a network namespace of its own.

``unshare -n python dead_hosts_scene.py push|phone DEAD`` prints one JSON object: how many frames were sent, and how
many arrived at a receiver on this machine and at one on the other. All addresses lie in the two namespaces.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

FRAMES = 500
PAUSE_S = 0.01
"""500 frames in five seconds: an address is asked for three times in three, so that queues fill and are thrown away."""
PORT = 11573
SO_RCVBUFFORCE = 33  # of Linux; not among Python's names
HERE, THERE = "10.77.0.1", "10.77.0.2"
DEAD = [f"10.77.0.{90 + number}" for number in range(9)]
PAYLOAD = bytes(1785)
ASK = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Counter:
    """Counts what arrives at `host` until it is closed."""

    def __init__(self, host: str) -> None:
        self.count = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:  # room for all, however busy the machine is
            self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind((host, PORT))
        self._socket.settimeout(0.2)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                self._socket.recv(65535)
                self.count += 1
                continue
            if self._ended.is_set():
                return

    def close(self) -> int:
        """How many came."""
        self._ended.set()
        self._thread.join()
        self._socket.close()
        return self.count


def other_machine() -> None:
    """Obeys one word a line: says when it is done, and at the end how many datagrams it received."""
    say("here")
    counter = None
    for line in sys.stdin:
        match line.split():
            case ["cable"]:
                ip("link", "set", "lo", "up")
                ip("addr", "add", f"{THERE}/24", "dev", "far")
                ip("link", "set", "far", "up")
                counter = Counter(THERE)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                    asking.settimeout(0.05)
                    while True:  # a cable that has just been plugged in may lose what is sent first
                        asking.sendto(b"hello", (HERE, PORT))
                        with suppress(TimeoutError):
                            asking.recv(65535)
                            break
                say("ready")
            case ["ask", port, *hosts]:
                for host in hosts:
                    if host != THERE:
                        ip("addr", "add", f"{host}/24", "dev", "far")
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                        asking.bind((host, 0))
                        asking.sendto(ASK, (HERE, int(port)))
                say("asked")
            case ["off", *hosts]:
                for host in hosts:
                    ip("addr", "del", f"{host}/24", "dev", "far")
                say("gone")
            case _:
                break
    say(str(counter.close() if counter is not None else 0))


def main(kind: str, dead: int) -> None:
    """Set the scene, send, and print what arrived."""
    from tests.output.people import a_person, an_output_frame
    from tracker.output.formats.ifacialmocap import IFacialMocapPhone
    from tracker.output.target import Target
    from tracker.output.udp import UdpChannel

    ip("link", "set", "lo", "up")
    other = subprocess.Popen(
        ["unshare", "-n", sys.executable, __file__, "other"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin is not None and other.stdout is not None

    def tell(*words: str) -> None:
        other.stdin.write(" ".join(words) + "\n")
        other.stdin.flush()

    def order(*words: str) -> str:
        tell(*words)
        return other.stdout.readline().strip()

    assert other.stdout.readline().strip() == "here"
    ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(other.pid))
    ip("addr", "add", f"{HERE}/24", "dev", "near")
    ip("link", "set", "near", "up")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind((HERE, PORT))
        tell("cable")
        answering.sendto(b"hello", answering.recvfrom(65535)[1])
    assert other.stdout.readline().strip() == "ready"
    here = Counter("127.0.0.1")
    hosts = DEAD[:dead]
    if kind == "push":
        targets = [Target(host, PORT) for host in (*hosts[:1], "127.0.0.1", *hosts[1:], THERE)]
        channel = UdpChannel(targets)
        for _ in range(FRAMES):
            for target in targets:
                channel.send(target, [PAYLOAD])
            time.sleep(PAUSE_S)
        channel.close()
    else:
        phone = IFacialMocapPhone(Target("0.0.0.0", 49983, "ifacialmocap+listen"), reply_port=PORT)
        assert order("ask", str(phone.port), *hosts, THERE) == "asked"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.sendto(ASK, ("127.0.0.1", phone.port))
        time.sleep(0.2)
        phone.send(an_output_frame())  # nobody in the picture: only hears who asks
        assert order("off", *hosts) == "gone"
        ip("neigh", "flush", "all")
        for index in range(FRAMES):
            phone.send(an_output_frame(a_person(), index=index))
            time.sleep(PAUSE_S)
        phone.close()
    there = order("end")
    say(json.dumps({"sent": FRAMES, "here": here.close(), "there": int(there)}))
    other.wait(10)


if __name__ == "__main__":
    if sys.argv[1] == "other":
        other_machine()
    else:
        main(sys.argv[1], int(sys.argv[2]))
