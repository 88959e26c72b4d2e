/** The WebSocket: commands out, events and moments in; it comes back by itself when it is lost. */
import type { Commands, Events, Frame, Watch } from "./messages";
import type { Moment, Store } from "./store";

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 3000;

export class Connection {
  private socket: WebSocket | null = null;
  private wait = FIRST_WAIT_MS;
  private watching: Watch = { do: "watch" };
  private drawing: Moment | null = null;
  private requested = false;

  constructor(private readonly store: Store) {
    this.open();
  }

  send(command: Commands): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(command));
  }

  /** Say what is shown now; it is said again after a reconnection. */
  watch(watch: Watch): void {
    if (JSON.stringify(watch) === JSON.stringify(this.watching)) return;
    this.watching = watch;
    this.send(watch);
  }

  private open(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws${location.search}`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT_MS;
      this.store.tell("connected", true);
      this.send(this.watching);
      this.send({ do: "list" });
    });
    socket.addEventListener("message", (event: MessageEvent<string | ArrayBuffer>) => this.take(event.data));
    socket.addEventListener("close", () => {
      this.store.tell("connected", false);
      setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(this.wait * 1.6, LONGEST_WAIT_MS);
    });
    this.socket = socket;
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.takeMoment(unpacked(data));
      return;
    }
    const event = JSON.parse(data) as Events;
    switch (event.tell) {
      case "hello":
        this.store.tell("hello", event);
        break;
      case "state":
        this.store.tell("state", event);
        break;
      case "names":
        this.store.tell("names", event);
        break;
      case "info":
        this.store.tell("info", event);
        break;
      case "matched":
        this.store.tell("matched", event);
        break;
      case "sources":
        this.store.tell("sources", event);
        break;
      case "failed":
        this.store.tell("failed", event);
        break;
    }
  }

  /** Draw with the browser's next frame. A moment that comes before that takes the place of the one that waits. */
  private takeMoment(moment: Moment): void {
    if (moment.header.serial === 0) {
      this.store.tell("moment", moment);
      return;
    }
    this.drawing = this.drawing ? merged(this.drawing, moment) : moment;
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => {
      this.requested = false;
      const drawn = this.drawing;
      this.drawing = null;
      if (!drawn) return;
      this.store.tell("moment", drawn);
      this.send({ do: "seen", serial: drawn.header.serial });
    });
  }
}

/** The newer moment, with those parts of the older that it does not bring itself. */
function merged(older: Moment, newer: Moment): Moment {
  const header: Frame = { ...newer.header };
  if (!newer.part("depth")) header.grid = older.header.grid;
  if (!newer.part("image")) {
    header.image = older.header.image;
    header.aspect = older.header.aspect;
  }
  header.floor = newer.header.floor ?? older.header.floor;
  const names = header.revision === older.header.revision;
  return {
    header,
    part: (name) => newer.part(name) ?? (name === "channels" && !names ? null : older.part(name)),
  };
}

function unpacked(data: ArrayBuffer): Moment {
  const length = new DataView(data).getUint32(0, true);
  const start = 4 + length;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as Frame;
  return {
    header,
    part: (name) => {
      const place = header.parts[name];
      return place ? new DataView(data, start + place.offset, place.length) : null;
    },
  };
}
