"""The benchmarks' own bookkeeping: nothing here asserts a speed."""

import time

from benchmarks.paced import _latencies_ms
from benchmarks.parts import PARTS, Profile, found, profile


def test_every_part_of_a_frame_is_timed_while_it_runs():
    rows = profile(model=-3, frames=2)
    assert len(rows) == 2
    assert all(row[part] > 0 for row in rows for part in PARTS)


def test_functions_are_as_they_were_after_a_profile():
    names = [name for names in PARTS.values() for name in names]
    before = [found(name)[2] for name in names]
    with Profile().watching():
        pass
    assert all(found(name)[2] is stored for name, stored in zip(names, before, strict=True))


def test_a_part_does_not_contain_the_parts_that_it_calls():
    watched = Profile()
    watched.spent = {"inner": 0, "outer": 0}
    inner = watched.timed("inner", lambda: time.sleep(0.02))
    watched.timed("outer", inner)()
    assert watched.spent["inner"] >= 15e6 > watched.spent["outer"]


def test_a_packet_belongs_to_the_last_frame_sent_before_its_time():
    arrivals = [(0.5, 0.6), (1.002, 1.010), (3.001, 3.004), (3.001, 3.005)]  # the last one for a second face
    assert [round(ms, 6) for ms in _latencies_ms([1.0, 2.0, 3.0], arrivals)] == [10.0, 4.0]
