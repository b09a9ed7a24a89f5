// What the tracker tells of each receiver, in words.

import { mark, t } from "./i18n.js";

const STATES = {
  sending: ["good", mark("Sending")],
  connected: ["good", mark("Connected")],
  listening: ["good", mark("Waiting to be asked")],
  nobody: ["bad", mark("Nobody listens there: is the program running, and set to this port?")],
  unknown_host: ["bad", mark("There is no computer of this name")],
  unreachable: ["bad", mark("Cannot be reached; tried again every five seconds")],
  waiting: ["bad", mark("Not connected yet; tried again every few seconds")],
  denied: ["bad", mark("The program did not allow it; allow facetracker there")],
};

/** { text, kind: "good", "bad" or "" } for `receiver`. states: [{ format, host, port, state }]. */
export function stateText(receiver, states) {
  const found = states.find(
    ({ format, host, port }) => format === receiver.format && host === receiver.host && port === receiver.port,
  );
  const [kind, text] = STATES[found?.state] ?? ["", ""];
  return { kind, text: text && t(text) };
}
