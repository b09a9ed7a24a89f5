// The websocket to the window's server, opened again whenever it is lost.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

export class Connection {
  /** onText: a parsed message. onBinary: an ArrayBuffer. onState: whether the server is there. */
  constructor({ onText, onBinary, onState }) {
    this._handlers = { onText, onBinary, onState };
    this._pause = FIRST_PAUSE_MS;
    this._open();
  }

  /** Ask the server for something; lost while it is away, which the page shows. */
  send(message) {
    if (this._socket.readyState === WebSocket.OPEN) this._socket.send(JSON.stringify(message));
  }

  _open() {
    const { onText, onBinary, onState } = this._handlers;
    const socket = new WebSocket(`ws://${location.host}/page`);
    this._socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this._pause = FIRST_PAUSE_MS;
      onState(true);
    };
    socket.onmessage = ({ data }) => (typeof data === "string" ? onText(JSON.parse(data)) : onBinary(data));
    socket.onclose = () => {
      onState(false);
      setTimeout(() => this._open(), this._pause);
      this._pause = Math.min(2 * this._pause, LONGEST_PAUSE_MS);
    };
  }
}
