import json

import pytest
from accuracy import floor

SLACK_PERCENT = 0.15
"""What other versions of OpenCV and ONNX Runtime may change."""


@pytest.mark.parametrize("model", floor.MODELS)
def test_no_network_is_worse_than_it_was(model):
    baseline = json.loads(floor.BASELINE.read_text(encoding="utf-8"))[str(model)]
    measured = floor.measure(model)
    worse = [name for name, value in measured.items() if value > baseline[name] + SLACK_PERCENT]
    assert not worse, f"measured {measured}, was {baseline}"
