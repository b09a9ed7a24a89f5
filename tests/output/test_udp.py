from __future__ import annotations

import dataclasses
import errno
import logging
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from protocol.openseeface import decode
from tests.output.results import a_face, a_frame, a_pose, a_result
from tracker.output.formats.openseeface import OpenSeeFaceEncoder
from tracker.output.formats.sender import UdpSender, UdpStream
from tracker.output.network import NetworkSink
from tracker.output.resolver import Resolution, Resolve, resolve
from tracker.output.target import Target
from tracker.output.udp import RETRY_S, UdpChannel


class Clock:
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Names:
    """A name server: knows `known`, fails otherwise, and counts what it was asked."""

    def __init__(self, known: dict[str, Resolution]) -> None:
        self.known = known
        self.asked: list[str] = []

    def __call__(self, target: Target) -> Resolution:
        self.asked.append(target.host)
        if target.host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.known[target.host]


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5.0)
        yield listening


def target_of(receiver: socket.socket) -> Target:
    host, port = receiver.getsockname()[:2]
    return Target(host, port)


def udp_sink(
    targets: list[Target],
    face_id_offset: int = 0,
    resolve: Resolve = resolve,
    clock: Callable[[], float] = time.monotonic,
) -> NetworkSink:
    """OpenSeeFace's records to all of `targets`."""
    channel = UdpChannel(targets, resolve, clock)
    return NetworkSink([UdpSender([UdpStream(OpenSeeFaceEncoder(), targets)], channel)], face_id_offset)


def write(sink: NetworkSink, index: int = 0) -> None:
    sink.write(a_frame(index), a_result(a_face(), index=index))


def after_a_write(sink: NetworkSink) -> NetworkSink:
    write(sink)
    return sink


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < end, "it did not happen within five seconds"
        time.sleep(0.005)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_every_target_gets_one_datagram_per_frame_from_a_port_of_its_own(receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(("127.0.0.1", 0))
        second.settimeout(5.0)
        sink = udp_sink([target_of(receiver), target_of(second)], face_id_offset=3)
        senders: dict[socket.socket, set[object]] = {receiver: set(), second: set()}
        for index in range(3):
            sink.write(a_frame(index), a_result(a_face(0), a_face(1), index=index))
            for listening in (receiver, second):
                data, sender = listening.recvfrom(65535)
                senders[listening].add(sender)
                assert [record.face_id for record in decode(data)] == [3, 4]
        sink.close()
    assert [len(ports) for ports in senders.values()] == [1, 1]
    assert senders[receiver] != senders[second]
    assert (sink.sent, sink.errors) == (6, 0)


def test_nothing_is_sent_for_a_frame_without_a_face(receiver: socket.socket) -> None:
    sink = udp_sink([target_of(receiver)])
    sink.write(a_frame(), a_result())
    write(sink, index=1)
    (record,) = decode(receiver.recv(65535))
    assert record.time == a_result(index=1).unix_time
    sink.close()


def test_36_faces_fit_into_one_datagram(receiver: socket.socket) -> None:
    sink = udp_sink([target_of(receiver)])
    sink.write(a_frame(), a_result(*(a_face(i) for i in range(36))))
    assert len(decode(receiver.recv(65535))) == 36
    sink.close()


def test_ipv6_receiver_is_reached() -> None:
    try:
        listening = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        listening.bind(("::1", 0))
    except OSError:
        pytest.skip("this system has no IPv6")
    with listening:
        listening.settimeout(5.0)
        sink = udp_sink([Target("::1", listening.getsockname()[1])])
        write(sink)
        assert len(decode(listening.recv(65535))) == 1
        sink.close()


def test_unspecified_address_means_this_machine() -> None:
    assert resolve(Target("0.0.0.0", 11573)) == (socket.AF_INET, ("127.0.0.1", 11573))


def test_localhost_is_reached_over_ipv4_where_receivers_listen() -> None:
    assert resolve(Target("localhost", 11573)) == (socket.AF_INET, ("127.0.0.1", 11573))


def test_absent_receiver_does_not_stop_sending_to_the_other(receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        absent = target_of(closed)
    sink = udp_sink([absent, target_of(receiver)])
    for index in range(5):
        write(sink, index)
        receiver.recv(65535)
    sink.close()


def test_unknown_host_warns_once_and_is_tried_again_every_five_seconds(
    receiver: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    clock, names = Clock(), Names({})
    sink = udp_sink([Target("nowhere", 11573)], resolve=names, clock=clock)
    until(lambda: after_a_write(sink).errors == 1)
    for _ in range(3):
        clock.now += RETRY_S / 4
        write(sink)
    assert names.asked == ["nowhere"]
    clock.now += RETRY_S / 4
    until(lambda: after_a_write(sink).errors == 2)
    assert names.asked == ["nowhere"] * 2
    assert warnings(caplog) == [
        "host nowhere is unknown (Name or service not known); tracking continues, retrying every 5 s"
    ]

    names.known["nowhere"] = (socket.AF_INET, receiver.getsockname())
    clock.now += RETRY_S
    until(lambda: after_a_write(sink).sent)
    assert len(receiver.recv(65535)) == 1785
    assert warnings(caplog)[1:] == ["sending to nowhere:11573 again"]
    sink.close()


def test_slow_name_server_neither_holds_up_sending_nor_the_end(receiver: socket.socket) -> None:
    answer = threading.Event()

    def hangs(target: Target) -> Resolution:
        answer.wait(30.0)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    sink = udp_sink([Target("slow", 11573), target_of(receiver)], resolve=hangs)
    started = time.monotonic()
    write(sink)
    assert len(receiver.recv(65535)) == 1785
    sink.close()
    assert time.monotonic() - started < 5 * 0.5
    answer.set()


class FailingSocket:
    """Fails with `error` while it has one."""

    family = socket.AF_INET

    def __init__(self, error: OSError | None) -> None:
        self.error = error
        self.attempts = 0

    def connect(self, address: object) -> None:
        pass

    def send(self, data: bytes) -> int:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        return len(data)

    def setblocking(self, flag: bool) -> None:
        pass

    def setsockopt(self, *option: int) -> None:
        pass

    def close(self) -> None:
        pass


def failing(monkeypatch: pytest.MonkeyPatch, code: int) -> FailingSocket:
    fake = FailingSocket(OSError(code, "it failed"))
    monkeypatch.setattr("tracker.output.udp.socket.socket", lambda family, kind: fake)
    return fake


@pytest.mark.parametrize("code", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EMSGSIZE, errno.EACCES])
def test_unreachable_receiver_warns_once_and_is_left_alone_for_five_seconds(
    code: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake, clock = failing(monkeypatch, code), Clock()
    sink = udp_sink([Target("127.0.0.1", 11573)], clock=clock)
    for _ in range(11):  # 10 seconds
        write(sink)
        clock.now += 1.0
    assert fake.attempts == sink.errors == 3
    assert warnings(caplog) == ["cannot send to 127.0.0.1:11573 (it failed); tracking continues, retrying every 5 s"]
    fake.error = None
    clock.now += RETRY_S
    write(sink)
    assert sink.sent == 1
    assert warnings(caplog)[1:] == ["sending to 127.0.0.1:11573 again"]
    sink.close()


def test_refused_datagrams_do_not_delay_the_next_frame(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake, clock = failing(monkeypatch, errno.ECONNREFUSED), Clock()
    refusal = fake.error
    sink = udp_sink([Target("127.0.0.1", 11573)], clock=clock)
    for index in range(10):
        fake.error = refusal if index % 2 else None  # every other one, as Linux reports it
        write(sink, index)
        clock.now += 0.03
    assert (fake.attempts, sink.sent, sink.errors) == (15, 5, 5)  # what was refused is tried again at once
    assert warnings(caplog) == ["cannot send to 127.0.0.1:11573 (it failed); tracking continues"]
    sink.close()


def test_value_that_is_not_finite_costs_the_frame_and_not_the_tracking(
    receiver: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    sink = udp_sink([target_of(receiver)])
    broken = dataclasses.replace(a_pose(), error_px=math.nan)
    for _ in range(3):
        sink.write(a_frame(), a_result(a_face(pose=broken)))
    write(sink, index=7)
    (record,) = decode(receiver.recv(65535))
    assert np.isfinite(record.fit_error)
    where = target_of(receiver)
    assert warnings(caplog) == [f"a frame was not sent to {where}: fit_error of record 0 is not finite"]
    sink.close()


def test_closing_ends_the_resolver_and_closing_twice_is_harmless(receiver: socket.socket) -> None:
    before = set(threading.enumerate())
    sink = udp_sink([target_of(receiver), Target("localhost", 9)])
    write(sink)
    sink.close()
    sink.close()
    assert set(threading.enumerate()) <= before
