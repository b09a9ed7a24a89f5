"""The tables of docs/MODELS.md from models/manifest.json: `python -m training.tables`."""

from __future__ import annotations

from typing import Any

from training.manifest import read_manifest

CONFIDENCES = (
    "face_confidence_percentiles_1_5_50",
    "masked_face_confidence_percentiles_5_25_50",
    "masked_upper_face_confidence_percentiles_5_25_50",
    "background_confidence_percentiles_50_99_max",
)
SOURCES = ("uda", "muxspace", "utk", "faker", "mask_off", "cew_closed", "mtfl", "mask_on")


def print_against_people(networks: dict[str, Any]) -> None:
    """The measure: errors against points people set, raw / with each point's offset removed."""
    print(
        "| model | input | multiply-adds | inner 49 | jaw | lip gap, closed, worst skin | mouth, worst skin over best |"
    )
    print("|---" * 7 + "|")
    for model in range(3, -4, -1):
        entry = networks[f"landmarks_{model}"]
        figures = entry["quality"]["manual"]
        inner, jaw = figures["inner 49, raw and offsets removed"], figures["jaw, raw and offsets removed"]
        gaps = figures["inner-lip gap of closed mouths by skin, found (true)"].values()
        row = [
            str(model),
            f"{entry['input'][1]} px",
            f"{entry['multiply_adds'] / 1e6:.1f} M",
            f"{inner[0]:.2f} / {inner[1]:.2f}",
            f"{jaw[0]:.2f} / {jaw[1]:.2f}",
            f"{max(float(gap.split()[0]) for gap in gaps):.2f}",
            f"{figures['mouth, worst skin group over best']:.2f}",
        ]
        print("| " + " | ".join(row) + " |")


def main() -> None:
    networks = read_manifest()["networks"]
    print_against_people(networks)
    print("\n| model | input | parameters | multiply-adds | `fan68` | " + " | ".join(SOURCES) + " | its upper face |")
    print("|---" * (6 + len(SOURCES)) + "|")
    for model in range(3, -4, -1):
        entry = networks[f"landmarks_{model}"]
        quality = entry["quality"]
        by_source = quality["inner_49_percent"]
        row = [
            str(model),
            f"{entry['input'][1]} px",
            f"{entry['parameters'] / 1e3:.0f} k",
            f"{entry['multiply_adds'] / 1e6:.1f} M",
            f"{quality['inner_49_percent_fan68']:.2f}",
            *(f"{by_source[source]:.2f}" for source in SOURCES),
            f"{quality['upper_face_percent_mask_on']:.2f}",
        ]
        print("| " + " | ".join(row) + " |")
    print(
        "\n| model | mean confidence of held-out faces: 1, 5, 50 % | with masks: 5, 25, 50 % | their upper faces: 5,",
        end="",
    )
    print(" 25, 50 % | background: 50, 99 %, most | change with the crop |\n" + "|---" * 6 + "|")
    for model in range(3, -4, -1):
        quality = networks[f"landmarks_{model}"]["quality"]
        shares = [", ".join(f"{v:.2f}" for v in quality[figure]) for figure in CONFIDENCES]
        print(f"| {model} | " + " | ".join(shares) + f" | {quality['change_with_the_crop_percent']:.2f} |")
    groups = list(networks["landmarks_3"]["quality"]["extra_percent"])
    print("\n| model: extra points | " + " | ".join(groups) + " |\n" + "|---" * (1 + len(groups)) + "|")
    for model in range(3, -4, -1):
        errors = networks[f"landmarks_{model}"]["quality"]["extra_percent"]
        print(f"| {model} | " + " | ".join(f"{errors[group]:.2f}" for group in groups) + " |")
    print("\n| model 3: confidence said | true | points |\n|---|---|---|")
    for _, count, said, true in networks["landmarks_3"]["quality"]["confidence_reliability"]:
        print(f"| {said:.2f} | {true:.2f} | {count} |")
    for name in ("detector", "classifier", "eyes", "eyes_fine"):
        entry = networks[name]
        height, width = entry["input"][1:3]
        print(f"\n{name}: {width} x {height}, {entry['parameters'] / 1e3:.0f} k parameters,", end=" ")
        print(f"{entry['multiply_adds'] / 1e6:.1f} M multiply-adds\n\n| figure | value |\n|---|---|")
        for figure, value in entry.get("quality", {}).items():
            if figure != "measured_on_sha256":
                print(f"| {figure} | {value} |")


if __name__ == "__main__":
    main()
