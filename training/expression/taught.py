"""How well taught expressions are recognised: `python -m training.expression.taught READINGS.npz`.

People are simulated from true coefficients. Each holds a neutral face and six expressions for ten seconds each, talking
half of the time (mouth, blinks and looks of a recorded face, `arkit-recording.npz`) and moving the head. Added is what
the landmark network misread on renders of one unseen person: from half of that person's pictures while recording,
from the other half, with other poses and light, while tested. `training.expression.misreadings` makes READINGS.npz.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.face.taught.decision import Decision
from tracker.face.taught.discriminant import NEUTRAL, Discriminant, train
from tracker.face.taught.measures import MEASURES
from tracker.face.taught.samples import SAMPLE_S
from tracker.topology import BLENDSHAPE_NAMES
from training import datasets

FPS = 30
RECORDED_S, TEST_S, HELD_S, CHANGE_S = 10.0, 84.0, 4.0, 0.2
SETTLED_S = 0.5
"""After a change of the face, before answers count."""
MOVE_S = 1.0
"""The head takes so long from one pose to the next."""
EXPRESSIONS: dict[str, dict[str, float]] = {
    NEUTRAL: {},
    "joy": {"mouthSmile": 0.8, "cheekSquint": 0.5, "eyeSquint": 0.3, "mouthUpperUp": 0.2},
    "angry": {"browDown": 0.8, "noseSneer": 0.3, "mouthPress": 0.3, "eyeSquint": 0.3},
    "sorrow": {"browInnerUp": 0.7, "mouthFrown": 0.6, "mouthShrugLower": 0.3},
    "fun": {"mouthSmile": 0.7, "eyeBlink": 0.9, "cheekSquint": 0.5},
    "surprised": {"browInnerUp": 0.7, "browOuterUp": 0.8, "eyeWide": 0.6, "jawOpen": 0.3},
    "smirk": {"mouthSmileLeft": 0.8, "mouthDimpleLeft": 0.4, "browOuterUpRight": 0.3},
}
_TALK = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthShrug", "mouthPress", "mouthLower",
         "mouthUpper", "mouthStretch", "eyeBlink", "eyeLook")  # fmt: skip
_INDEX = {name: place for place, name in enumerate(BLENDSHAPE_NAMES)}


class Person(NamedTuple):
    """faces: (K, 52) how this person holds each expression. misread: while recording and while tested, (P, 52) each;
    gain: (52,) the share of a coefficient that the network reads."""

    faces: np.ndarray
    misread: tuple[np.ndarray, np.ndarray]
    gain: np.ndarray


class Outcome(NamedTuple):
    """right: share of settled frames. talking: share of frames of a neutral talker that show something else.
    latencies: seconds from the middle of each change until it is shown."""

    right: float
    talking: float
    latencies: list[float]


def template(shape: dict[str, float], generator: np.random.Generator) -> np.ndarray:
    """(52,) coefficients of one person's way to show an expression."""
    face = np.zeros(len(BLENDSHAPE_NAMES))
    for start, value in shape.items():
        amount = value * generator.uniform(0.55, 1.1)
        for name, place in _INDEX.items():
            if name == start or name.removesuffix("Left").removesuffix("Right") == start:
                face[place] = amount
    return face


def talk(generator: np.random.Generator, frames: int) -> np.ndarray:
    """(frames, 52) what talking, blinking and looking about add."""
    with np.load(datasets.data_folder() / "arkit-recording.npz") as stored:
        names = [str(name) for name in stored["names"]]
        takes = [stored[key].astype(np.float64) for key in ("rom_3", "rom_4")]
    take = takes[generator.integers(2)]
    start = generator.integers(len(take) - frames // 2)
    piece = take[start : start + frames // 2 + 1].repeat(2, axis=0)[:frames]  # recorded at 60 Hz, at half the speed
    moving = np.zeros((frames, len(BLENDSHAPE_NAMES)))
    for place, name in enumerate(BLENDSHAPE_NAMES):
        if name.startswith(_TALK):
            column = names.index(name[0].upper() + name[1:])
            moving[:, place] = np.maximum(0.0, piece[:, column] - np.median(take[:, column]))
    on = np.repeat(generator.random(frames // 45 + 1) < 0.5, 45)[:frames, np.newaxis]
    mouth = np.array([name.startswith(("jaw", "mouth")) for name in BLENDSHAPE_NAMES])
    return np.where(mouth, 0.6 * moving * on, moving)


def read(face: np.ndarray, misread: np.ndarray, gain: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(frames, N) measures of true coefficients (frames, 52), misread while the head moves from pose to pose."""
    frames, steps = len(face), round(MOVE_S * FPS)
    stops = misread[generator.integers(len(misread), size=frames // steps + 2)]
    share = (np.arange(frames) % steps / steps)[:, np.newaxis]
    at = np.arange(frames) // steps
    noise = (1 - share) * stops[at] + share * stops[at + 1] + generator.normal(0, 0.02, face.shape)
    found = np.clip(gain * face + noise, 0.0, 1.0)
    measures = np.zeros((frames, len(MEASURES)))
    measures[:, : face.shape[1]] = found
    measures[:, -6] = 1 - found[:, _INDEX["eyeBlinkRight"]]
    measures[:, -5] = 1 - found[:, _INDEX["eyeBlinkLeft"]]
    return measures


def held(person: Person, order: list[int], held_s: float, generator: np.random.Generator) -> np.ndarray:
    """(frames, 52) the expressions in `order`, each for `held_s`, while talking."""
    each, change = round(held_s * FPS), round(CHANGE_S * FPS)
    strength = np.repeat(generator.uniform(0.75, 1.1, len(order)), each)[:, np.newaxis]
    face = np.repeat(person.faces[order], each, axis=0) * strength
    kernel = np.ones(change) / change
    padded = np.pad(face, ((change // 2, change - 1 - change // 2), (0, 0)), mode="edge")
    face = np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)
    return np.clip(face + talk(generator, len(face)), 0.0, 1.0)


def shown(model: Discriminant, measures: np.ndarray) -> list[str | None]:
    """What is shown in each frame."""
    decision, names = Decision(), []
    for frame, row in enumerate(measures):
        shares, is_like_any = model.judge(row)
        best = max(range(len(shares)), key=shares.__getitem__)
        decision.update(model.names[best], shares[best], is_like_any, frame / FPS)
        names.append(decision.name)
    return names


def trial(person: Person, generator: np.random.Generator) -> Outcome:
    """One person records, then is tested."""
    names = list(EXPRESSIONS)
    step = round(SAMPLE_S * FPS)
    recordings = {
        name: read(held(person, [k], RECORDED_S, generator), person.misread[0], person.gain, generator)[::step]
        for k, name in enumerate(names)
    }
    model, _ = train(recordings, SAMPLE_S)
    order: list[int] = []
    while len(order) < TEST_S / HELD_S:
        order += [k for k in generator.permutation(len(names)).tolist() if not order or k != order[-1]]
    answers = shown(model, read(held(person, order, HELD_S, generator), person.misread[1], person.gain, generator))
    each, settled = round(HELD_S * FPS), round(SETTLED_S * FPS)
    right, latencies = [], []
    for place, wanted in enumerate(order):
        part = answers[place * each : (place + 1) * each]
        right += [answer == names[wanted] for answer in part[settled:]]
        if place and answers[place * each - 1] == names[order[place - 1]] and names[wanted] in part:
            latencies.append(part.index(names[wanted]) / FPS)
    talker = shown(
        model, read(held(person, [0] * len(order), HELD_S, generator), person.misread[1], person.gain, generator)
    )
    other = [answer not in (None, NEUTRAL) for answer in talker]
    return Outcome(float(np.mean(right)), float(np.mean(other)), latencies)


def people(readings: Path, family: str, generator: np.random.Generator) -> list[Person]:
    """One simulated person for each rendered one."""
    with np.load(readings) as stored:
        found, true, known = (stored[f"{family}_{key}"] for key in ("found", "true", "known"))
        identity = stored[f"{family}_identity"]
    error = np.zeros(found.shape)
    gain = np.ones(found.shape[1])
    for j in np.flatnonzero(known.any(axis=0)):
        gain[j], offset = np.polyfit(true[known[:, j], j], found[known[:, j], j], 1)
        error[known[:, j], j] = (found[:, j] - gain[j] * true[:, j] - offset)[known[:, j]]
    made = []
    for number in np.unique(identity):
        own = error[identity == number]
        faces = np.stack([template(shape, generator) for shape in EXPRESSIONS.values()])
        made.append(Person(faces, (own[::2], own[1::2]), gain))
    return made


def summary(outcomes: list[Outcome]) -> str:
    """The figures of one set of people, in one line."""
    right, talking = (np.array([outcome[k] for outcome in outcomes]) for k in (0, 1))
    latencies = np.concatenate([outcome.latencies for outcome in outcomes])
    return (
        f"{len(outcomes)} people: right {100 * right.mean():.1f} % (worst tenth {100 * np.quantile(right, 0.1):.1f}), "
        f"talking and not neutral {100 * talking.mean():.2f} % (median {100 * np.median(talking):.2f}), "
        f"to switch {1000 * np.median(latencies):.0f} ms (nine of ten within {1000 * np.quantile(latencies, 0.9):.0f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("readings", type=Path, help="what a network read from renders, beside the truth")
    parser.add_argument("--families", nargs="+", default=["ict-test-b", "makehuman-test"], metavar="SET")
    parser.add_argument("--people", type=int, default=1000, help="at most so many of each set")
    parser.add_argument("--noise", type=float, default=1.0, help="multiply what was misread")
    parser.add_argument("--full-gain", action="store_true", help="as if every coefficient were read at its full size")
    arguments = parser.parse_args()
    for family in arguments.families:
        generator = np.random.default_rng(0)
        persons = people(arguments.readings, family, generator)[: arguments.people]
        outcomes = []
        for person in persons:
            misread = (arguments.noise * person.misread[0], arguments.noise * person.misread[1])
            gain = np.ones_like(person.gain) if arguments.full_gain else person.gain
            outcomes.append(trial(person._replace(misread=misread, gain=gain), generator))
        print(f"{family}, {summary(outcomes)}", flush=True)


if __name__ == "__main__":
    main()
