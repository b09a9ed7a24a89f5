// Keeps the user's avatar in this browser, so that it is there again after a reload. It is sent nowhere.

const NAME = "facetracker";
const STORE = "avatar";
const KEY = "current";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(mode, action) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = action(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

/** The kept { name, buffer }, or undefined. */
export const loadKept = () => run("readonly", (store) => store.get(KEY));
export const keep = (name, buffer) => run("readwrite", (store) => store.put({ name, buffer }, KEY));
export const forget = () => run("readwrite", (store) => store.delete(KEY));
