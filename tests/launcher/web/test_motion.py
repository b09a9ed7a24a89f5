"""What the avatar shows between two packets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.launcher.window_client import Visit


def rolled(degrees: float) -> dict[str, Any]:
    """An expression that is turned by `degrees` about the view."""
    half = math.radians(degrees) / 2
    return {"quaternion": [0, 0, math.sin(half), math.cos(half)]}


@pytest.mark.parametrize(("after_ms", "shown_deg"), [(-900, 0), (-1, 0), (17, 4), (34, 8), (500, 8)])
def test_nothing_is_shown_beyond_two_packets(visit: Callable[..., Visit], after_ms: float, shown_deg: float) -> None:
    """A picture that began before the packet came, as on a slow computer, does not turn the head the other way."""
    quaternion = visit().page.evaluate(
        """async ([first, second, after]) => {
          const { Motion } = await import('/static/view/motion.js');
          const motion = new Motion();
          motion.jump(first);
          motion.add(second, 1e6);
          return motion.at(1e6 + after).quaternion;
        }""",
        [rolled(0), rolled(8), after_ms],
    )
    assert math.degrees(2 * math.asin(quaternion[2])) == pytest.approx(shown_deg, abs=0.2)
