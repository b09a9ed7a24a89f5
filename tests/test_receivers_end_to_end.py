"""The whole program with five receivers of four formats: what each sees is what the demo face does."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import time
from contextlib import ExitStack

import pytest

from protocol import openseeface
from tests.output import seen
from tests.protocol.osc_reader import Message, by_name, read_bundle
from tests.receiver import PROGRAM, ROOT
from tracker.capture.demo.animation import DemoAnimation

# To the end of the script's first mouth opening: turns, nods, tilts, looks and winks to both sides come before it.
SECONDS = 31.0
LIMIT_S = 300.0
NAMES = ("first", "second", "avatar", "phone", "script")


@pytest.fixture(scope="module")
def datagrams() -> dict[str, list[bytes]]:
    """What each receiver got of the demo face, unpaced, from the first frame to the end of the mouth's opening."""
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for name in NAMES}
        for listening in sockets.values():
            listening.bind(("127.0.0.1", 0))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        first, second, avatar, phone, script = (f"127.0.0.1:{s.getsockname()[1]}" for s in sockets.values())
        targets = [first, f"osf://{second}?fps=5", f"vmc://{avatar}", f"ifacialmocap://{phone}", f"json://{script}"]
        options = [word for target in targets for word in ("--target", target)]
        # Small and cheap: this is about signs.
        line = [*PROGRAM, "-c", "demo", "-W", "320", "-H", "180", "-F", "0", "--model", "-1", "-s", "1", *options]
        process = stack.enter_context(subprocess.Popen(line, cwd=ROOT))
        got: dict[str, list[bytes]] = {name: [] for name in NAMES}
        try:
            deadline = time.monotonic() + LIMIT_S
            while not got["script"] or json.loads(got["script"][-1])["media_time"] < SECONDS:
                assert process.poll() is None, "the program ended"
                assert time.monotonic() < deadline
                ready, _, _ = select.select(list(sockets.values()), [], [], 0.2)
                for name, listening in sockets.items():
                    if listening in ready:
                        got[name].append(listening.recv(65535))
        finally:
            process.terminate()
            process.wait(20)
        return got


def frames(datagrams: dict[str, list[bytes]]) -> list[dict[str, float]]:
    """What the script saw, beside what the demo face truly did in that frame; angles with our signs."""
    animation = DemoAnimation()
    rows = []
    for data in datagrams["script"]:
        frame = json.loads(data)
        if not frame["faces"]:
            continue
        sight, truth = seen.by_json(data), animation.state_at(frame["media_time"])
        rows.append(
            {
                "yaw": sight.yaw, "true_yaw": truth.yaw,
                "pitch": sight.pitch, "true_pitch": truth.pitch,
                "roll": sight.roll, "true_roll": truth.roll,
                "look": sight.look_right, "true_look": truth.gaze_yaw[0],
                "right": sight.right_blink, "true_right": truth.blink[0],
                "left": sight.left_blink, "true_left": truth.blink[1],
                "mouth": sight.mouth_open, "true_mouth": truth.mouth_open,
            }
        )  # fmt: skip
    return rows


@pytest.mark.parametrize(
    ("what", "amount", "least"), [("yaw", 15.0, 8.0), ("pitch", 12.0, 5.0), ("roll", 12.0, 8.0), ("look", 18.0, 3.0)]
)
def test_turns_nods_tilts_and_looks_have_the_demo_faces_sign(
    datagrams: dict[str, list[bytes]], what: str, amount: float, least: float
) -> None:
    rows = frames(datagrams)
    to_one_side = [row[what] for row in rows if row[f"true_{what}"] > amount]
    to_other_side = [row[what] for row in rows if row[f"true_{what}"] < -amount]
    assert len(to_one_side) > 5
    assert len(to_other_side) > 5
    assert sorted(to_one_side)[len(to_one_side) // 2] > least
    assert sorted(to_other_side)[len(to_other_side) // 2] < -least


def test_winks_close_one_eye_and_the_mouth_opens(datagrams: dict[str, list[bytes]]) -> None:
    rows = frames(datagrams)
    left = [row for row in rows if row["true_left"] > 0.95 and row["true_right"] < 0.05]
    right = [row for row in rows if row["true_right"] > 0.95 and row["true_left"] < 0.05]
    assert left
    assert right
    assert max(row["left"] for row in left) > 0.8 > 0.5 > max(row["right"] for row in left)
    assert max(row["right"] for row in right) > 0.8 > 0.5 > max(row["left"] for row in right)
    assert max(row["mouth"] for row in rows if row["true_mouth"] > 0.8) > 0.5


def test_records_are_the_scripts_frames(datagrams: dict[str, list[bytes]]) -> None:
    scripted = {
        json.loads(data)["time"]: seen.by_json(data) for data in datagrams["script"] if b'"faces":[]' not in data
    }
    records = [(openseeface.decode(data)[0].time, seen.by_openseeface(data)) for data in datagrams["first"]]
    shared = [(sight, scripted[at]) for at, sight in records if at in scripted]
    assert len(shared) > 100
    for record, script in shared:
        assert record.left_blink == pytest.approx(script.left_blink, abs=1e-3)
        assert record.mouth_open == pytest.approx(script.mouth_open, abs=1e-3)
        if abs(script.pitch) < 3 and abs(script.roll) < 3:  # then the turn about an axis is the angle
            assert record.yaw == pytest.approx(script.yaw, abs=0.6)


def test_the_slower_target_gets_a_share_of_the_same_records(datagrams: dict[str, list[bytes]]) -> None:
    assert 0 < len(datagrams["second"]) < 0.5 * len(datagrams["first"])
    assert len(set(datagrams["second"]) & set(datagrams["first"])) > 0.8 * len(datagrams["second"])


def test_the_avatar_moves_as_the_script_saw(datagrams: dict[str, list[bytes]]) -> None:
    scripted = {round(json.loads(data)["media_time"], 3): data for data in datagrams["script"]}
    compared = 0
    for data in datagrams["avatar"]:
        messages: list[Message] = read_bundle(data)
        (at,) = dict(messages)["/VMC/Ext/T"]
        script = scripted.get(round(at, 3))
        if script is None or not by_name(messages, "/VMC/Ext/Bone/Pos"):
            continue
        avatar, expected = seen.by_vmc([data]), seen.by_json(script)
        assert avatar.left_blink == pytest.approx(expected.left_blink, abs=1e-3)
        assert avatar.look_right == pytest.approx(expected.look_right, abs=0.3)
        if abs(expected.pitch) < 3 and abs(expected.roll) < 3:
            assert avatar.yaw == pytest.approx(expected.yaw, abs=0.6)
        compared += 1
    assert compared > 100


def test_the_phones_receiver_sees_what_the_script_saw(datagrams: dict[str, list[bytes]]) -> None:
    scripted = [seen.by_json(data) for data in datagrams["script"] if b'"faces":[]' not in data]
    turns = {(round(sight.yaw, 3), round(sight.pitch, 3), round(sight.roll, 3)) for sight in scripted}
    phone = [seen.by_ifacialmocap(data) for data in datagrams["phone"]]
    same = [sight for sight in phone if (round(sight.yaw, 3), round(sight.pitch, 3), round(sight.roll, 3)) in turns]
    assert len(same) > 0.6 * len(phone) > 60  # four decimals against five round apart now and then
    assert max(sight.left_blink or 0 for sight in phone) > 0.5
    assert max(sight.mouth_open or 0 for sight in phone) > 0.1
