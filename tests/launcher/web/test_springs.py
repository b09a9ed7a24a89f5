"""Chains of bones that swing, computed in a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.launcher.window_client import Visit

DRAWS_3D = False

HANG = """async ({ centre, walk }) => {
  const { THREE } = await import('/static/three.js');
  const { Springs } = await import('/static/avatar/springs.js');
  const [world, root, head, bone] = [0, 0, 0, 0].map(() => new THREE.Group());
  world.add(root);
  root.position.set(0.5, 0, -1);
  root.rotation.set(0, 0.7, 0);
  root.add(head);
  head.position.set(0, 1.5, 0);
  head.add(bone);
  bone.position.set(0, 0.1, 0);
  world.updateMatrixWorld(true);
  const springs = new Springs([{
    bone, tail: new THREE.Vector3(0, -0.2, 0), stiffness: 1, drag: 0.4, gravityPower: 0, gravity: [0, -1, 0], radius: 0,
    colliders: [], center: { none: null, root, head }[centre],
  }]);
  let most = 0;
  for (let i = 0; i < 120; i++) {
    root.position.x += walk / 60;
    world.updateMatrixWorld(true);
    springs.update(1 / 60);
    most = Math.max(most, 2 * Math.acos(Math.min(1, Math.abs(bone.quaternion.w))) * 180 / Math.PI);
  }
  return most;
}"""


def swing_deg(visit: Visit, centre: str, walk: float) -> Any:
    """The largest turn of a bone within two seconds, in degrees. walk: how fast its model moves, in m/s."""
    return visit.look(HANG, {"centre": centre, "walk": walk})


@pytest.mark.parametrize("centre", ["none", "root", "head"])
def test_a_bone_at_rest_hangs_as_it_was_made(visit: Callable[..., Visit], centre: str) -> None:
    assert swing_deg(visit(), centre, walk=0.0) < 1.0


@pytest.mark.parametrize(("centre", "swings"), [("none", True), ("root", False), ("head", False)])
def test_a_bone_follows_what_its_centre_does_not_take_part_in(
    visit: Callable[..., Visit], centre: str, swings: bool
) -> None:
    assert (swing_deg(visit(), centre, walk=1.0) > 5.0) is swings
