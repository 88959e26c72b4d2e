/** All channels with their values: searched by pattern, clicked to be plotted; and the Info channels. */
import type { Connection } from "../connection";
import { button, el, freshId, menu, refill, setText, show } from "../dom";
import type { Info, State } from "../messages";
import type { Plot } from "../plot";
import type { Moment, Store } from "../store";

const ROW_PIXELS = 30;
const SPARE_ROWS = 4;
const PATTERNS: [string, string][] = [
  ["*", "All"],
  ["p*/*:t[xyz]", "Positions"],
  ["p*/hand_[lr]:*", "Hands"],
  ["p*/id", "Ids"],
  ["imu:*", "IMU"],
];

export class Channels {
  readonly element: HTMLElement;
  private pattern = "*";
  private found: readonly string[] = [];
  private values = new Float64Array();
  private places = new Map<string, number>();
  private readonly search = el("input", { type: "search", id: freshId(), value: "*", spellcheck: false, autocomplete: "off" });
  private readonly problem = el("p", { className: "problem", role: "alert", hidden: true });
  private readonly count = el("p", { className: "muted", role: "status" });
  private readonly list = el("div", { className: "channels", tabIndex: 0, role: "group", aria: { label: "Channels" } });
  private readonly spacer = el("div", { className: "spacer" });
  private readonly imuHint = el("p", { hidden: true });
  private readonly info = el("dl", { className: "facts" });
  private readonly operator = menu("Operator", [], "", (value) => this.connection.send({ do: "show", operator: value }));

  constructor(
    private readonly store: Store,
    private readonly connection: Connection,
    private readonly plot: Plot,
  ) {
    this.search.addEventListener("input", () => this.look(this.search.value.trim() || "*"));
    this.list.append(this.spacer);
    this.list.addEventListener("scroll", () => this.lay());
    new ResizeObserver(() => this.lay()).observe(this.list);
    const chips = PATTERNS.map(([pattern, label]) =>
      button(label, () => {
        this.search.value = pattern;
        this.look(pattern);
      }),
    );
    this.imuHint.append(
      "The inertial sensor's channels are off. ",
      button("Switch them on", () =>
        connection.send({ do: "set", operator: store.operator("KinectAzureCHOP"), name: "imuchans", value: true }),
      ),
    );
    this.element = el(
      "div",
      { className: "pane" },
      this.operator.row,
      el("label", { htmlFor: this.search.id }, "Search by name or pattern, such as p1/head:t[xyz]"),
      this.search,
      el("div", { className: "chips" }, ...chips),
      this.problem,
      this.imuHint,
      this.count,
      this.list,
      el("h2", {}, "Info"),
      this.info,
    );
    store.on("state", (state) => this.update(state));
    store.on("names", () => this.look(this.pattern));
    store.on("matched", (matched) => {
      if (matched.pattern !== this.asked()) return;
      setText(this.problem, matched.problem);
      show(this.problem, matched.problem !== "");
      if (!matched.problem) this.found = matched.names;
      show(this.imuHint, this.pattern.startsWith("imu") && this.found.length === 0 && !matched.problem);
      this.places = new Map(this.store.names.names.map((name, i) => [name, i]));
      this.lay();
    });
    store.on("moment", (moment) => this.take(moment));
    store.on("info", (info) => this.tell(info));
  }

  /** What is typed without any of a pattern's signs is looked for anywhere in a name. */
  private asked(): string {
    return /[*?[\]^~ |&()]/.test(this.pattern) ? this.pattern : `*${this.pattern}*`;
  }

  private look(pattern: string): void {
    this.pattern = pattern;
    this.connection.send({ do: "match", pattern: this.asked() });
  }

  private update(state: State): void {
    const withChannels = state.operators.filter(({ type }) => type.endsWith("CHOP"));
    refill(this.operator.select, withChannels.map(({ name, type }) => [name, `${name} (${type})`]));
    this.operator.select.value = state.shown;
    show(this.operator.row, withChannels.length > 1);
  }

  private take(moment: Moment): void {
    const part = moment.part("channels");
    if (!part || moment.header.revision !== this.store.names.revision) return;
    this.values = new Float64Array(part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength));
    if (this.list.clientHeight > 0) this.lay();
  }

  /** Make the rows that can be seen, and only those: there may be thousands. */
  private lay(): void {
    setText(this.count, `${this.found.length} of ${this.store.names.names.length} channels`);
    this.spacer.style.height = `${this.found.length * ROW_PIXELS}px`;
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW_PIXELS) - SPARE_ROWS);
    const last = Math.ceil((this.list.scrollTop + this.list.clientHeight) / ROW_PIXELS) + SPARE_ROWS;
    const names = this.found.slice(first, last);
    while (this.spacer.childElementCount > names.length) this.spacer.lastElementChild?.remove();
    names.forEach((name, i) => this.row(name, first + i, i));
  }

  private row(name: string, place: number, i: number): void {
    let row = this.spacer.children[i] as HTMLButtonElement | undefined;
    if (!row) {
      row = button("", () => undefined, { className: "channel" });
      const made = row;
      row.addEventListener("click", () => {
        this.plot.toggle(made.dataset["name"] ?? "");
        this.lay();
      });
      row.append(el("span"), el("output"));
      this.spacer.append(row);
    }
    row.style.transform = `translateY(${place * ROW_PIXELS}px)`;
    row.dataset["name"] = name;
    row.setAttribute("aria-pressed", String(this.plot.shown.has(name)));
    row.style.borderLeftColor = this.plot.color(name) || "transparent";
    setText(row.children[0] as Node, name);
    setText(row.children[1] as Node, written(this.values[this.places.get(name) ?? -1]));
  }

  private tell(info: Info): void {
    const rows: HTMLElement[] = [];
    for (const [operator, values] of Object.entries(info.values)) {
      rows.push(el("div", { className: "fact-head" }, el("dt", {}, operator), el("dd")));
      for (const [name, value] of Object.entries(values)) {
        rows.push(el("div", {}, el("dt", {}, name), el("dd", {}, written(value))));
      }
    }
    if (this.info.clientHeight > 0 || this.info.childElementCount === 0) this.info.replaceChildren(...rows);
  }
}

function written(value: number | undefined): string {
  // What is no number comes as null.
  if (value === undefined || !Number.isFinite(value)) return "–";
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 100 ? 4 : 2);
}
