/** A recording's timeline: where it is, who was there when, and how it is played. */
import type { Connection } from "./connection";
import { playerColor } from "./colors";
import { button, el, menu, setText, show } from "./dom";
import { Held } from "./held";
import type { Presence, State } from "./messages";
import type { Moment, Store } from "./store";

const SPEEDS: [string, string][] = ["0.25", "0.5", "1", "2", "4"].map((value) => [value, `${value}×`]);
const MOST_LANES = 6;

export class Timeline {
  readonly element: HTMLElement;
  private readonly play: HTMLButtonElement;
  private readonly back: HTMLButtonElement;
  private readonly explain: HTMLButtonElement;
  private readonly scrub = el("input", { type: "range", min: "0", max: "1", step: "0.001", aria: { label: "Place in the recording, seconds" } });
  private readonly time = el("output", { className: "time" });
  private readonly lanes = el("div", { className: "lanes", role: "img" });
  private readonly speed = menu("Speed", SPEEDS, "1", (value) => this.connection.send({ do: "speed", factor: Number(value) }));
  private readonly loop = el("input", { type: "checkbox" });
  private readonly track: HTMLElement;
  private readonly loopRow: HTMLElement;
  private readonly held = new Held<boolean>();
  private scrubbing = false;
  private capture = 0;
  private told = "";

  constructor(
    private readonly store: Store,
    private readonly connection: Connection,
  ) {
    this.play = button("Pause", () => connection.send({ do: "play", playing: !store.state?.playing }), { className: "primary" });
    this.back = button("◀︎ Step", () => connection.send({ do: "step", captures: -1 }), { aria: { label: "Step back" } });
    const forward = button("Step ▶︎", () => connection.send({ do: "step", captures: 1 }), { aria: { label: "Step forward" } });
    this.explain = button("What the tracker saw", () => connection.send({ do: "explain", capture: this.capture }));
    this.scrub.addEventListener("input", () => {
      this.scrubbing = true;
      connection.send({ do: "seek", seconds: Number(this.scrub.value) });
      this.tellTime(Number(this.scrub.value));
    });
    this.scrub.addEventListener("change", () => (this.scrubbing = false));
    this.loop.addEventListener("change", () => {
      this.held.ask(this.loop.checked);
      connection.send({ do: "loop", on: this.loop.checked });
    });
    this.loopRow = el("label", { className: "check" }, this.loop, "Loop");
    this.track = el("div", { className: "track" }, this.lanes, this.scrub);
    this.element = el(
      "footer",
      { className: "timeline", aria: { label: "Timeline" }, hidden: true },
      el("div", { className: "transport" }, this.back, this.play, forward, this.time, this.speed.row, this.loopRow, this.explain),
      this.track,
    );
    store.on("state", (state) => this.update(state));
    store.on("moment", (moment) => this.move(moment));
  }

  private update(state: State): void {
    const { source } = state;
    show(this.element, source.phase === "running" || source.phase === "ended");
    for (const part of [this.track, this.speed.row, this.loopRow, this.back, this.explain]) show(part, source.seekable);
    setText(this.play, state.playing ? "Pause" : "Play");
    this.scrub.max = String(Math.max(source.duration, 0.001));
    this.scrub.step = source.fps ? String(1 / source.fps) : "0.001";
    if (this.held.lets(state.loop)) this.loop.checked = state.loop;
    const drawing = state.explanation?.running === true;
    this.explain.disabled = drawing;
    setText(this.explain, drawing ? "Drawing…" : "What the tracker saw");
    const speed = String(state.speed);
    if (document.activeElement !== this.speed.select) this.speed.select.value = speed;
    this.present(state.presence, source.duration);
  }

  private move(moment: Moment): void {
    if (moment.header.serial === 0) return;
    this.capture = moment.header.capture;
    const { seconds } = moment.header;
    if (seconds < 0) {
      setText(this.time, `capture ${this.capture}`);
      return;
    }
    if (this.scrubbing) return;
    this.scrub.value = String(seconds);
    this.tellTime(seconds);
  }

  private tellTime(seconds: number): void {
    const duration = this.store.state?.source.duration ?? 0;
    setText(this.time, `${seconds.toFixed(2)} / ${duration.toFixed(2)} s`);
    this.scrub.setAttribute("aria-valuetext", `${seconds.toFixed(2)} seconds`);
  }

  private present(presence: readonly Presence[], duration: number): void {
    const told = JSON.stringify([presence, duration]);
    if (told === this.told) return;
    this.told = told;
    const shown = presence.slice(-MOST_LANES);
    this.lanes.setAttribute("aria-label", shown.length ? `Bodies seen so far: ${shown.map(({ id }) => id).join(", ")}` : "No bodies seen so far");
    this.lanes.replaceChildren(
      ...shown.map(({ id, spans }) => {
        const lane = el("div", { className: "lane", title: `body ${id}` });
        for (const [from, to] of spans) {
          const span = el("span");
          span.style.left = `${(100 * from) / duration}%`;
          span.style.width = `${(100 * (to - from)) / duration}%`;
          span.style.background = playerColor(id);
          lane.append(span);
        }
        return lane;
      }),
    );
  }
}
