"""Files on their way to the launcher, over a connection that lasts or does not."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.window_client import Visit, open_window

DRAWS_3D = False

# A socket of which the test decides when it opens, empties and is lost.
SEND = """async (fate) => {
  const { Connection } = await import('/static/connection.js');
  const real = window.WebSocket;
  const made = [];
  let connection;
  const happens = {  // once the pieces wait for room, or the last one is on its way
    'lost': () => made[0].lose(),
    'back': () => { made[0].lose(); connection.tryNow(); made[1].open(); },  // before anybody has looked again
    'lost at the end': () => made[0].lose(),
  };
  window.WebSocket = class {
    static OPEN = 1; static CLOSED = 3;
    constructor() { Object.assign(this, { readyState: 0, bufferedAmount: 0, sent: [] }); made.push(this); }
    send(data) {
      this.sent.push(typeof data === 'string' ? data : data.byteLength);
      if (fate !== 'lasts') this.bufferedAmount += fate === 'lost at the end' ? 1 : data.byteLength ?? 0;
      if (this.sent.length === (fate === 'lost at the end' ? 25 : 18)) setTimeout(happens[fate] ?? (() => {}), 100);
    }
    open() { this.readyState = 1; this.onopen(); }
    lose() { this.readyState = 3; this.onclose({ code: 1006 }); }  // a lost one keeps its bufferedAmount
  };
  try {
    connection = new Connection({ hasKey: false, onText() {}, onBinary() {}, onState() {} });
    made[0].open();
    if (fate === 'away') made[0].lose();
    const sending = connection.sendFile({ do: 'upload' }, new Blob([new Uint8Array(6 << 20)]));
    const late = new Promise((resolve) => setTimeout(() => resolve('never ended'), 30000));
    const ended = await Promise.race([sending, late]);
    clearTimeout(connection._timer);
    return [ended, made.map(({ sent }) => sent)];
  } finally {
    window.WebSocket = real;
  }
}"""


@pytest.mark.parametrize("fate", ["lasts", "away", "lost", "back", "lost at the end"])
def test_a_file_arrives_whole_over_one_connection_or_is_said_not_to(visit: Callable[..., Visit], fate: str) -> None:
    ended, sent = visit().look(SEND, fate)
    assert ended is (fate == "lasts")
    pieces = [1 << 18] * 24
    if fate in ("lasts", "lost at the end"):
        assert sent[0] == ['{"do":"upload"}', *pieces]
    assert sent[1:] == ([[]] if fate == "back" else []), "the rest of a file is nothing to a new connection"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_file_that_was_cut_short_is_told(browser: Any, tmp_path: Path) -> None:
    with open_window(tmp_path) as window:
        here = Visit(browser, window.address)
        window.process.send_signal(signal.SIGSTOP)  # it reads no more
        here.look(
            "() => { const blob = new Blob([new Uint8Array(1 << 26)]);"
            " window.upload = window.facetracker.view._upload('avatar', 'me.vrm', blob); }"
        )
        here.page.wait_for_timeout(500)
        window.process.kill()
        window.process.wait(60)
        assert here.look("() => window.upload") is False
        here.until("() => document.querySelector('.notice.error')?.textContent.includes('“me.vrm” was not kept')")
        here.context.close()
