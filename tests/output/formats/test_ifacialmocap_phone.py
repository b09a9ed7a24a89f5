"""Listening as a phone does: who asks gets the data, anything else gets nothing and does no harm."""

from __future__ import annotations

import logging
import re
import socket
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.output.people import a_person, an_output_frame
from tests.output.seen import by_ifacialmocap
from tests.protocol.phone_readers import read_version_2
from tracker.errors import SettingsError
from tracker.output.formats.ifacialmocap import MAX_CLIENTS, IFacialMocapPhone
from tracker.output.target import Target

ASK = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A program that hears answers at its own port, whatever port it asks from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5.0)
        yield listening


@pytest.fixture
def phone(receiver: socket.socket, free_udp_port: int) -> Iterator[IFacialMocapPhone]:
    phone = IFacialMocapPhone(
        Target("127.0.0.1", free_udp_port, "ifacialmocap+listen"), reply_port=receiver.getsockname()[1]
    )
    yield phone
    phone.close()


@pytest.fixture
def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def ask(phone: IFacialMocapPhone, datagram: bytes, sender: str = "127.0.0.1") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((sender, 0))
        asking.sendto(datagram, ("127.0.0.1", phone.port))


def test_who_asks_gets_every_frame_at_its_own_port(phone: IFacialMocapPhone, receiver: socket.socket) -> None:
    phone.send(an_output_frame(a_person()))
    assert phone.sent == 0  # nobody asked
    ask(phone, ASK)
    for index in range(3):
        phone.send(an_output_frame(a_person(yaw=20.0), index=index))
    assert [by_ifacialmocap(receiver.recv(2048)).yaw for _ in range(3)] == [20.0] * 3


def test_who_asks_for_version_2_gets_that(phone: IFacialMocapPhone, receiver: socket.socket) -> None:
    ask(phone, ASK + b"|sendDataVersion=v2")
    phone.send(an_output_frame(a_person(shapes={"jawOpen": 0.5})))
    assert read_version_2(receiver.recv(2048)).shapes["jawOpen"] == 50
    ask(phone, ASK)  # changes its mind
    phone.send(an_output_frame(a_person(shapes={"jawOpen": 0.5})))
    assert by_ifacialmocap(receiver.recv(2048)).mouth_open == 0.5


def test_nothing_is_sent_while_there_is_no_face(phone: IFacialMocapPhone) -> None:
    ask(phone, ASK)
    phone.send(an_output_frame())
    assert phone.sent == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(datagram=st.one_of(st.binary(max_size=3000), st.binary(max_size=20).map(lambda noise: ASK + b"|" + noise)))
def test_anything_else_is_not_answered(datagram: bytes, phone: IFacialMocapPhone) -> None:
    ask(phone, datagram)
    phone.send(an_output_frame(a_person()))
    assert (phone.sent, phone.errors) == (0, 0)


def test_a_flood_is_looked_at_a_little_at_a_time_and_the_newest_askers_are_served(phone: IFacialMocapPhone) -> None:
    for number in range(2, 2 + 3 * MAX_CLIENTS):
        ask(phone, ASK, sender=f"127.0.0.{number}")
    for _ in range(4):
        phone.send(an_output_frame(a_person()))
    before = phone.sent + phone.errors
    phone.send(an_output_frame(a_person()))
    assert phone.sent + phone.errors - before == MAX_CLIENTS


def test_answers_come_from_the_port_that_was_asked_and_who_asks_from_its_own_port_is_heard(
    phone: IFacialMocapPhone, receiver: socket.socket
) -> None:
    for question, read in ((ASK, by_ifacialmocap), (ASK + b"|sendDataVersion=v2", read_version_2)):
        receiver.sendto(question, ("127.0.0.1", phone.port))
        phone.send(an_output_frame(a_person(yaw=20.0)))
        text, sender = receiver.recvfrom(2048)
        read(text)
        assert sender == ("127.0.0.1", phone.port)


def test_no_other_program_can_take_the_port_while_somebody_is_answered(
    phone: IFacialMocapPhone, receiver: socket.socket
) -> None:
    ask(phone, ASK)
    phone.send(an_output_frame(a_person()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        if sys.platform == "linux":
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError):
            other.bind(("127.0.0.1", phone.port))


def test_listening_to_the_network_is_told(free_udp_port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    IFacialMocapPhone(Target("127.0.0.1", free_udp_port, "ifacialmocap+listen")).close()
    assert caplog.messages == []
    IFacialMocapPhone(Target("0.0.0.0", free_udp_port, "ifacialmocap+listen")).close()
    assert caplog.messages == [
        f"ifacialmocap+listen://0.0.0.0:{free_udp_port}: other machines on this network can connect"
    ]


def test_a_port_that_is_taken_is_told_with_what_to_do(receiver: socket.socket) -> None:
    port = receiver.getsockname()[1]
    with pytest.raises(SettingsError) as refused:
        IFacialMocapPhone(Target("127.0.0.1", port, "ifacialmocap+listen"))
    where, advice = f"ifacialmocap+listen://127.0.0.1:{port}", "to send to a program on this machine use"
    assert re.fullmatch(
        rf"cannot listen at {re.escape(where)} \(.+\); {advice} ifacialmocap://\S+ instead", str(refused.value)
    )
    assert refused.value.exit_code == 2
