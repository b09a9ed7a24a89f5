// The websocket to the launcher, opened again whenever it is lost.
//
// The first message shows the launcher a key. One that works once comes with the address, behind the #, which browsers
// do not send; the answer is a key for this page alone, which is kept for as long as its tab. The address of a page for
// OBS is its key.

const REFUSED = 4401;
const STORED_KEY = "session-key";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
const PIECE = 256 * 1024; // bytes of a file on its way to the launcher
const MOST_WAITING = 4 * 1024 * 1024; // bytes of a file that wait to be sent
const WAIT_MS = 20;

export class Connection {
  /**
   * path: of the socket. hasKey: it is a page with a key of its own. onText: a parsed message. onBinary: an
   * ArrayBuffer. onState: whether the launcher is there and has let this page in. onRefused: it does not let this page
   * in, and is not asked again.
   */
  constructor({ path = "/page", hasKey = true, onText, onBinary, onState, onRefused = () => {} }) {
    this._path = path;
    this._hasKey = hasKey;
    this._handlers = { onText, onBinary, onState, onRefused };
    this._entered = false;
    if (hasKey) takeKeyFromAddress();
    this._pause = FIRST_PAUSE_MS;
    this._open();
  }

  /** Ask the server for something; lost while it is away, which the page shows. */
  send(message) {
    if (this._entered) this._socket.send(JSON.stringify(message));
  }

  /**
   * Send `message`, which announces a file, and then the Blob in pieces. Whether all of it was sent over one connection:
   * the launcher forgets what it has of a file when a connection is lost, and nothing more leaves a lost one.
   */
  async sendFile(message, blob) {
    const socket = this._socket;
    const isHere = () => this._entered && socket === this._socket && socket.readyState === WebSocket.OPEN;
    const roomFor = async (waiting) => {
      while (isHere() && socket.bufferedAmount > waiting) await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    };
    this.send(message);
    for (let at = 0; at < blob.size; at += PIECE) {
      const piece = await blob.slice(at, at + PIECE).arrayBuffer();
      await roomFor(MOST_WAITING);
      if (!isHere()) return false;
      socket.send(piece);
    }
    await roomFor(0);
    return isHere();
  }

  /** Try at once, without waiting for the next turn. */
  tryNow() {
    if (this._socket.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this._timer);
    this._pause = FIRST_PAUSE_MS;
    this._open();
  }

  _open() {
    const { onText, onBinary, onState, onRefused } = this._handlers;
    const socket = new WebSocket(`ws://${location.host}${this._path}`);
    this._socket = socket;
    socket.binaryType = "arraybuffer";
    const enter = () => {
      this._entered = true;
      this._pause = FIRST_PAUSE_MS;
      onState(true);
    };
    socket.onopen = () => {
      if (!this._hasKey) enter();
      else socket.send(JSON.stringify({ do: "enter", key: sessionStorage.getItem(STORED_KEY) ?? "" }));
    };
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return onBinary(data);
      const message = JSON.parse(data);
      if (message.type !== "entered") return onText(message);
      sessionStorage.setItem(STORED_KEY, message.key);
      return enter();
    };
    socket.onclose = ({ code }) => {
      this._entered = false;
      if (code === REFUSED) return onRefused();
      onState(false);
      this._timer = setTimeout(() => this._open(), this._pause);
      this._pause = Math.min(2 * this._pause, LONGEST_PAUSE_MS);
    };
  }
}

function takeKeyFromAddress() {
  if (location.hash.length < 2) return;
  sessionStorage.setItem(STORED_KEY, location.hash.slice(1));
  history.replaceState(null, "", location.pathname); // out of the address bar, bookmarks and the history
}
