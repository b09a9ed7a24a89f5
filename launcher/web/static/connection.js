// The websocket to the window's server, opened again whenever it is lost.
//
// The first message shows the server a key. One that works once comes with the address, behind the #, which browsers
// do not send; the server answers with a key for this page alone, which is kept for as long as its tab.

const REFUSED = 4401;
const STORED_KEY = "session-key";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

export class Connection {
  /**
   * onText: a parsed message. onBinary: an ArrayBuffer. onState: whether the server is there and has let this page in.
   * onRefused: it does not let this page in, and is not asked again.
   */
  constructor({ onText, onBinary, onState, onRefused }) {
    this._handlers = { onText, onBinary, onState, onRefused };
    this._entered = false;
    takeKeyFromAddress();
    this._pause = FIRST_PAUSE_MS;
    this._open();
  }

  /** Ask the server for something; lost while it is away, which the page shows. */
  send(message) {
    if (this._entered) this._socket.send(JSON.stringify(message));
  }

  _open() {
    const { onText, onBinary, onState, onRefused } = this._handlers;
    const socket = new WebSocket(`ws://${location.host}/page`);
    this._socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify({ do: "enter", key: sessionStorage.getItem(STORED_KEY) ?? "" }));
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return onBinary(data);
      const message = JSON.parse(data);
      if (message.type !== "entered") return onText(message);
      sessionStorage.setItem(STORED_KEY, message.key);
      this._entered = true;
      this._pause = FIRST_PAUSE_MS;
      onState(true);
    };
    socket.onclose = ({ code }) => {
      this._entered = false;
      if (code === REFUSED) return onRefused();
      onState(false);
      setTimeout(() => this._open(), this._pause);
      this._pause = Math.min(2 * this._pause, LONGEST_PAUSE_MS);
    };
  }
}

function takeKeyFromAddress() {
  if (location.hash.length < 2) return;
  sessionStorage.setItem(STORED_KEY, location.hash.slice(1));
  history.replaceState(null, "", location.pathname); // out of the address bar, bookmarks and the history
}
