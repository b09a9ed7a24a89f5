"""VTube Studio: the sender against a server that enforces the API's rules."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocol import vtubestudio
from tests.output.fake_vts import FakeVTubeStudio
from tests.output.people import NEUTRAL, a_person, an_output_frame
from tests.protocol.phone_readers import LIVE_LINK_NAMES
from tracker.output.formats.vts import session as vts
from tracker.output.formats.vts.discovery import find_port
from tracker.output.formats.vts.session import VtsSender
from tracker.output.formats.vts.tokens import Tokens
from tracker.output.target import Target
from tracker.types import Expression, Face

LIMIT_S = 10.0
ARKIT = set(LIVE_LINK_NAMES[:52])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vts, "RETRY_S", 0.1)


@pytest.fixture
def studio() -> Iterator[FakeVTubeStudio]:
    studio = FakeVTubeStudio()
    yield studio
    studio.close()


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "kept" / "tokens.json")


class Feeding:
    """A sender that gets frames at 100 a second until it is closed."""

    def __init__(self, studio: FakeVTubeStudio, tokens: Tokens, face: Face | None = None, **options: object) -> None:
        self.faces = [a_person() if face is None else face]
        self.sender = VtsSender(Target("127.0.0.1", studio.port, "vts"), tokens, **options)  # type: ignore[arg-type]
        self.pause = False
        self._index = 0

    def __enter__(self) -> Feeding:
        return self

    def __exit__(self, *error: object) -> None:
        self.sender.close()

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            if not self.pause:
                self._index += 1
                self.sender.send(an_output_frame(*self.faces, index=self._index))
            time.sleep(0.01)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_it_asks_once_creates_what_is_missing_and_sets_parameters(studio: FakeVTubeStudio, tokens: Tokens) -> None:
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: len(studio.injections) >= 5)
    assert studio.asked == 1
    assert set(studio.added) == ARKIT - {"CheekPuff", "TongueOut"}  # those are VTube Studio's own
    assert set(studio.values) >= ARKIT | {"FaceAngleX", "MouthOpen", "EyeOpenLeft", "FacePositionZ"}
    assert studio.injections[-1][1] is True
    assert studio.broken_rules == []


def test_the_permission_is_kept_for_the_next_run_by_the_user_alone(studio: FakeVTubeStudio, tmp_path: Path) -> None:
    path = tmp_path / "kept" / "tokens.json"
    for _ in range(2):
        with Feeding(studio, Tokens(path)) as feeding:
            before = len(studio.injections)
            feeding.until(lambda: len(studio.injections) > before)  # noqa: B023
    assert studio.asked == 1
    assert studio.broken_rules == []
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(json.loads(path.read_text())) == [f"127.0.0.1:{studio.port}"]


def test_a_permission_that_was_revoked_is_asked_for_again(studio: FakeVTubeStudio, tokens: Tokens) -> None:
    place = f"127.0.0.1:{studio.port}"
    tokens.put(place, "revoked")
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: studio.injections)
    assert studio.asked == 1
    assert tokens.get(place) in studio.tokens


def test_a_user_who_says_no_is_not_asked_again(tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    studio = FakeVTubeStudio(allows=False)
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: warnings(caplog))
        feeding.until(lambda: not feeding.sender._thread.is_alive())
    studio.close()
    assert studio.asked == 1
    assert warnings(caplog) == ["VTube Studio's user refused facetracker; to be asked again, start it again"]


def doing(**changes: float) -> Expression:
    return dataclasses.replace(NEUTRAL, **changes)


SMILE = doing(mouth_corner_updown_l=-1.0, mouth_corner_updown_r=-1.0)
ONE_BROW_UP = doing(eyebrow_updown_l=1.0)
MIRRORED: list[tuple[Face, dict[str, float]]] = [
    (a_person(yaw=20.0), {"FaceAngleX": 20.0}),  # to the user's right, which a mirror shows on the right
    (a_person(pitch=10.0), {"FaceAngleY": -10.0}),  # down
    (a_person(roll=-15.0), {"FaceAngleZ": 15.0}),  # top of the head to the user's right
    (a_person(openness=(1.0, 0.0)), {"EyeOpenRight": 0.0, "EyeOpenLeft": 1.0}),  # the left eye, in a mirror
    (a_person(look_right=15.0), {"EyeLeftX": 0.5, "EyeRightX": 0.5}),
    (a_person(look_down=10.0), {"EyeLeftY": -0.5, "EyeRightY": -0.5}),
    (a_person(expression=doing(mouth_open=0.75)), {"MouthOpen": 0.75, "MouthSmile": 0.5}),
    (a_person(expression=SMILE), {"MouthSmile": 1.0}),
    (a_person(expression=ONE_BROW_UP), {"Brows": 0.75, "BrowRightY": 1.0, "BrowLeftY": 0.5}),
    (a_person(place=(0.632, -0.316, 4.5)), {"FacePositionX": -9.0, "FacePositionY": 4.5, "FacePositionZ": 0.0}),
    (a_person(shapes={"jawOpen": 0.5, "eyeBlinkLeft": 1.0}), {"JawOpen": 0.5, "EyeBlinkRight": 1.0}),
]


@pytest.mark.parametrize(("face", "expected"), MIRRORED)
def test_the_model_moves_as_a_mirror_would(
    face: Face, expected: dict[str, float], studio: FakeVTubeStudio, tokens: Tokens
) -> None:
    with Feeding(studio, tokens, face) as feeding:
        feeding.until(lambda: studio.injections)
    assert {name: studio.values[name] for name in expected} == pytest.approx(expected, abs=1e-3)


def test_unmirrored_the_models_left_is_the_users(studio: FakeVTubeStudio, tokens: Tokens) -> None:
    with Feeding(studio, tokens, a_person(yaw=20.0, openness=(1.0, 0.0)), mirror=False, arkit=False) as feeding:
        feeding.until(lambda: studio.injections)
    values = studio.values
    assert (values["FaceAngleX"], values["EyeOpenLeft"], values["EyeOpenRight"]) == (-20.0, 0.0, 1.0)
    assert studio.added == {}


def test_where_no_parameter_can_be_added_the_models_own_are_set(
    studio: FakeVTubeStudio, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    studio.is_full = True
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: studio.injections)
    assert set(studio.values) & ARKIT == {"CheekPuff", "TongueOut"}
    assert "FaceAngleX" in studio.values
    assert studio.broken_rules == []
    assert warnings(caplog) == [
        f"vts://127.0.0.1:{studio.port}: 50 parameters cannot be added (VTube Studio says: too many parameters)"
    ]


def test_values_are_repeated_at_least_once_a_second_while_nothing_new_comes(
    studio: FakeVTubeStudio, tokens: Tokens
) -> None:
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: studio.injections)
        feeding.pause = True
        start = len(studio.injections)
        feeding.until(lambda: len(studio.injections) >= start + 4)
    assert vts.RESEND_S < vtubestudio.RESEND_S / 2
    assert studio.injections[-1][2] == studio.injections[start][2]
    assert studio.broken_rules == []


def test_a_camera_that_is_gone_does_not_hold_the_model(
    studio: FakeVTubeStudio, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vts, "LOST_S", 0.5)
    monkeypatch.setattr(vts, "RESEND_S", 0.05)
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: studio.injections)
        feeding.pause = True
        feeding.until(lambda: time.monotonic() - studio.injections[-1][0] > 1.0)


def test_a_lost_face_is_told_and_the_last_values_stay(studio: FakeVTubeStudio, tokens: Tokens) -> None:
    with Feeding(studio, tokens, a_person(yaw=20.0)) as feeding:
        feeding.until(lambda: studio.injections)
        feeding.faces = []
        feeding.until(lambda: not studio.injections[-1][1])
    assert studio.values["FaceAngleX"] == pytest.approx(20.0)


def test_it_connects_again_and_says_so_once(
    studio: FakeVTubeStudio, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: studio.injections)
        studio.drop_connections()
        before = len(studio.injections)
        feeding.until(lambda: len(studio.injections) > before)
    assert studio.sessions == 2
    assert studio.asked == 1
    assert len(warnings(caplog)) == 1
    assert warnings(caplog)[0].startswith(f"vts://127.0.0.1:{studio.port}: the connection ended (")


def test_one_that_is_not_there_is_told_once_and_found_when_it_comes(
    tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    early = FakeVTubeStudio()
    early.close()
    with Feeding(early, tokens) as feeding:
        feeding.until(lambda: feeding.sender.errors >= 3)
        late = FakeVTubeStudio(port=early.port)
        feeding.until(lambda: late.injections)
    late.close()
    (told,) = warnings(caplog)
    assert "VTube Studio does not answer (Connection refused); is it running, with its plug-in API on?" in told


def test_an_api_that_is_off_is_told_in_its_own_words(
    studio: FakeVTubeStudio, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    studio.api_on = False
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: feeding.sender.errors >= 2)
        studio.api_on = True
        feeding.until(lambda: studio.injections)
    (told,) = warnings(caplog)
    assert "VTube Studio says: API access is deactivated" in told


def test_another_plugin_that_moves_the_model_is_told_once(tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    studio = FakeVTubeStudio(controlled=("FaceAngleX",))
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: feeding.sender.errors >= 3)
    studio.close()
    assert [text for text in warnings(caplog) if "another plug-in moves the model" in text] == warnings(caplog)
    assert len(warnings(caplog)) == 1
    assert studio.sessions == 1


@pytest.mark.parametrize(
    "answer",
    [b"\xff\xfe", "", "null", "[]", "{}", '{"apiName":"VTubeStudioPublicAPI"}', "[" * 10_000,
     '{"apiName":"VTubeStudioPublicAPI","messageType":"APIError","requestID":"1","data":[]}',
     '{"apiName":"VTubeStudioPublicAPI","messageType":5,"requestID":"1","data":null}'],
)  # fmt: skip
def test_any_answer_costs_the_session_at_most(answer: str | bytes, studio: FakeVTubeStudio, tokens: Tokens) -> None:
    studio.answers.append(answer)
    with Feeding(studio, tokens) as feeding:
        feeding.until(lambda: studio.injections)


def test_values_that_are_not_finite_cost_the_frame(
    studio: FakeVTubeStudio, tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    broken = a_person(
        expression=dataclasses.replace(NEUTRAL, mouth_corner_updown_l=math.nan), place=(math.nan, 0.0, 4.0)
    )
    with Feeding(studio, tokens, broken) as feeding:
        feeding.until(lambda: warnings(caplog))
        assert studio.injections == []
        feeding.faces = [a_person()]
        feeding.until(lambda: studio.injections)
    assert len(warnings(caplog)) == 1
    assert studio.sessions == 1


def test_closing_does_not_wait_for_a_user_who_does_not_click(tokens: Tokens) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        sender = VtsSender(Target("127.0.0.1", silent.getsockname()[1], "vts"), tokens)
        sender.send(an_output_frame(a_person()))
        started = time.monotonic()
        sender.close()
        sender.close()
        assert time.monotonic() - started < 5 * 0.5


def test_sending_never_waits(tokens: Tokens) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sender = VtsSender(Target("127.0.0.1", silent.getsockname()[1], "vts"), tokens)
        started = time.monotonic()
        for index in range(100):
            sender.send(an_output_frame(a_person(), index=index))
        assert time.monotonic() - started < 5 * 0.5
        sender.close()


def announce(to_port: int, **data: object) -> None:
    body = {"apiName": "VTubeStudioPublicAPI", "messageType": "VTubeStudioAPIStateBroadcast", "data": data}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.sendto(json.dumps(body).encode(), ("127.0.0.1", to_port))


def test_the_announced_port_is_found_among_noise() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found: list[int | None] = []
    finder = threading.Thread(target=lambda: found.append(find_port("localhost", threading.Event(), port)))
    finder.start()
    end = time.monotonic() + LIMIT_S
    while finder.is_alive() and time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
            noise.sendto(os.urandom(100), ("127.0.0.1", port))
        announce(port, active=False, port=1)
        announce(port, active=True, port=8055)
        finder.join(0.05)
    assert found == [8055]


def test_what_another_machine_announces_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.output.formats.vts.discovery.LISTEN_S", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found: list[int | None] = []
    finder = threading.Thread(target=lambda: found.append(find_port("192.0.2.1", threading.Event(), port)))
    finder.start()
    while finder.is_alive():
        announce(port, active=True, port=8055)
        finder.join(0.02)
    assert found == [None]


def test_nobody_announces_anything() -> None:
    stop = threading.Event()
    stop.set()
    assert find_port("127.0.0.1", stop, 1 if sys.platform == "win32" else 47998) is None
    assert find_port("no.such.host.invalid", stop) is None


def test_the_default_port_is_left_for_the_announced_one(
    studio: FakeVTubeStudio, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    monkeypatch.setattr("protocol.vtubestudio.DEFAULT_PORT", nobody)
    asked: list[str] = []

    def discover(host: str, stop: threading.Event) -> int | None:
        asked.append(host)
        return studio.port

    sender = VtsSender(Target("127.0.0.1", nobody, "vts"), tokens, discover=discover)
    end = time.monotonic() + LIMIT_S
    while not studio.injections:
        assert time.monotonic() < end
        sender.send(an_output_frame(a_person()))
        time.sleep(0.01)
    sender.close()
    assert asked == ["127.0.0.1"]


def test_two_studios_keep_a_permission_each(studio: FakeVTubeStudio, tmp_path: Path) -> None:
    other = FakeVTubeStudio()
    path = tmp_path / "tokens.json"
    for _ in range(2):
        with Feeding(studio, Tokens(path)) as one, Feeding(other, Tokens(path)) as two:
            seen = len(studio.injections), len(other.injections)
            one.until(lambda: len(studio.injections) > seen[0])  # noqa: B023
            two.until(lambda: len(other.injections) > seen[1])  # noqa: B023
    other.close()
    assert (studio.asked, other.asked) == (1, 1)


def test_a_damaged_token_file_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(b"{")
    tokens = Tokens(path)
    assert tokens.get("a") is None
    tokens.put("a", "b")
    assert Tokens(path).get("a") == "b"
    assert len(warnings(caplog)) == 1
