// @ts-check

/** What is delivered, by the number of driver.rs. */
const HEARD = 6;

/** What the tabs of an origin tell each other: by a BroadcastChannel, or by the event of the storage that they share. */
export class Channel {
  #deliver;
  #storage;
  /** @param {string} message */
  #tell = (message) => void message;
  #close = () => {};

  /**
   * @param {(arrival: number, op: number, number: number, text: string) => void} deliver told what the others tell
   * @param {unknown} storage of the configuration
   */
  constructor(deliver, storage) {
    this.#deliver = deliver;
    this.#storage = storage;
  }

  /** Hears and tells under this name from now on. @param {string} name */
  listen(name) {
    const hear = (/** @type {unknown} */ text) => typeof text === "string" && this.#deliver(HEARD, 0, 0, text);
    // A process without a location is a server: its clients are of different users.
    if (!globalThis.location) return;
    if (globalThis.BroadcastChannel) {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => hear(data);
      this.#tell = (message) => channel.postMessage(message);
      this.#close = () => channel.close();
    } else if (this.#storage === "local") {
      const listener = (/** @type {StorageEvent} */ { key, newValue }) =>
        // Without a value it is the removal.
        key === name && newValue && hear(newValue.slice(newValue.indexOf(" ") + 1));
      addEventListener("storage", listener);
      this.#tell = (message) => {
        try {
          // What was there already would be no event.
          localStorage.setItem(name, `${Math.random()} ${message}`);
          // There may be tokens in it.
          localStorage.removeItem(name);
        } catch {
          // Full, or forbidden: the others find out by themselves.
        }
      };
      this.#close = () => removeEventListener("storage", listener);
    }
  }

  /** Tells the others. @param {string} message */
  tell(message) {
    this.#tell(message);
  }

  /** Hears and tells no more. */
  close() {
    this.#close();
    this.#tell = () => {};
  }
}
