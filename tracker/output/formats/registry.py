"""Builds the senders for the user's targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from protocol import ifacialmocap
from tracker.output.formats.facejson import JsonEncoder
from tracker.output.formats.facejson_server import JsonServer
from tracker.output.formats.ifacialmocap import IFacialMocapEncoder, IFacialMocapPhone
from tracker.output.formats.livelink import LiveLinkEncoder
from tracker.output.formats.openseeface import OpenSeeFaceEncoder
from tracker.output.formats.opentrack import OpentrackEncoder
from tracker.output.formats.sender import Encoder, Sender, UdpSender, UdpStream
from tracker.output.formats.table import OPENSEEFACE
from tracker.output.formats.vmc import NECK_SHARE, VmcEncoder
from tracker.output.formats.vrm_bones import DEFAULT_BONES, Bones, read_bones
from tracker.output.formats.vts.session import VtsSender
from tracker.output.formats.vts.tokens import Tokens, default_path
from tracker.output.target import Target
from tracker.output.udp import UdpChannel

ENCODERS: dict[str, Callable[[Target], Encoder]] = {
    OPENSEEFACE: lambda target: OpenSeeFaceEncoder(),
    "vmc": lambda target: VmcEncoder(
        target.value("expressions"),
        emotions=_on(target, "emotions"),
        bones=_bones(target),
        neck_share=NECK_SHARE if _on(target, "neck") else 0.0,
        assistant=target.value("role") == "assistant",
        mirror=_on(target, "mirror"),
    ),
    "ifacialmocap": lambda target: IFacialMocapEncoder(int(target.value("version")), _on(target, "mirror")),
    "livelink": lambda target: LiveLinkEncoder(target.value("subject"), _on(target, "mirror")),
    "opentrack": lambda target: OpentrackEncoder(_on(target, "mirror")),
    "json": lambda target: JsonEncoder(_on(target, "blendshapes"), _on(target, "points"), _on(target, "packed")),
}
"""Encoders of the formats that are sent as datagrams."""

SENDERS: dict[str, Callable[[Target], Sender]] = {
    "ifacialmocap+listen": lambda target: IFacialMocapPhone(
        target, _on(target, "mirror"), reply_port=ifacialmocap.DEFAULT_PORT
    ),
    "vts": lambda target: VtsSender(
        target, Tokens(default_path()), _on(target, "arkit"), _on(target, "mirror"), _on(target, "hotkeys")
    ),
    "json+ws": lambda target: JsonServer(
        target,
        JsonEncoder(_on(target, "blendshapes"), _on(target, "points"), _on(target, "packed"), max_bytes=None),
        frozenset(filter(None, target.value("origin").split(","))),
    ),
}
"""Senders of the formats that need a connection or a thread of their own."""


def make_senders(targets: Sequence[Target]) -> list[Sender]:
    """Senders for all `targets`. Targets that differ only in host and port share one encoder.

    Raises SettingsError for a target that cannot work: an address that cannot be listened at, a missing library, a VRM
    file that cannot be read.
    """
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Target]] = {}
    for target in targets:
        if target.format in ENCODERS:
            groups.setdefault((target.format, target.options), []).append(target)
    streams = [UdpStream(ENCODERS[group[0].format](group[0]), group) for group in groups.values()]
    senders: list[Sender] = []
    try:
        for target in targets:
            if target.format in SENDERS:
                senders.append(SENDERS[target.format](target))
        if streams:
            over_udp = [target for stream in streams for target in stream.targets]
            senders.insert(0, UdpSender(streams, UdpChannel(over_udp)))
    except BaseException:
        for sender in senders:
            sender.close()
        raise
    return senders


def _on(target: Target, option: str) -> bool:
    return target.value(option) == "1"


def _bones(target: Target) -> Bones:
    if not _on(target, "bones"):
        return {}
    model = target.value("model")
    return read_bones(Path(model)) if model else DEFAULT_BONES
