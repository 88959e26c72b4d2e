/** Where images come from: what is shown, what is wrong with it, and what else there is. */
import type { Connection } from "../connection";
import { button, el, freshId, setText, show } from "../dom";
import type { Found, Source, Sources, State } from "../messages";
import type { Store } from "../store";
import { Row } from "./row";

const MODES = ["fps", "colorres", "depthmode"];
const PHASES: Record<Source["phase"], string> = {
  none: "No camera",
  connecting: "Opening…",
  running: "Running",
  ended: "At its end",
  failed: "Not working",
};

export class SourcePanel {
  readonly element: HTMLElement;
  private readonly name = el("strong");
  private readonly phase = el("span", { className: "chip" });
  private readonly problem = el("p", { className: "problem", role: "alert", hidden: true });
  private readonly warnings = el("ul", { className: "warnings" });
  private readonly facts = el("dl", { className: "facts" });
  private readonly modes = el("div", { className: "form", hidden: true });
  private readonly lists = el("div");
  private readonly close: HTMLButtonElement;
  private rows: Row[] = [];
  private told = "";
  private files = "";

  constructor(
    private readonly store: Store,
    private readonly connection: Connection,
  ) {
    this.close = button("Close", () => this.open(""));
    const other = el("input", { type: "text", id: freshId(), placeholder: "k4a:0", spellcheck: false, autocomplete: "off" });
    const form = el(
      "form",
      { className: "row" },
      other,
      el("button", { type: "submit" }, "Open"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (other.value.trim()) this.open(other.value.trim());
    });
    this.element = el(
      "div",
      { className: "pane" },
      el("div", { className: "card" }, el("div", { className: "row" }, this.name, this.phase, this.close), this.problem, this.warnings, this.modes, this.facts),
      el("div", { className: "row" }, el("h2", {}, "What there is"), button("Look again", () => connection.send({ do: "list" }))),
      this.lists,
      el("label", { htmlFor: other.id }, "Something else: a camera by serial number, a scene, a file"),
      form,
    );
    store.on("hello", () => this.makeModes());
    store.on("sources", (sources) => this.list(sources));
    store.on("state", (state) => this.update(state));
  }

  private open(source: string): void {
    this.connection.send({ do: "open", source });
  }

  private makeModes(): void {
    const settings = this.store.hello?.settings["KinectAzureTOP"] ?? [];
    this.rows = settings
      .filter(({ name }) => MODES.includes(name))
      .map((setting) => {
        const operator = (): string => this.store.operator("KinectAzureTOP");
        return new Row(
          setting,
          (value) => this.connection.send({ do: "set", operator: operator(), name: setting.name, value }),
          () => this.connection.send({ do: "reset", operator: operator(), names: [setting.name] }),
        );
      });
    this.modes.replaceChildren(...this.rows.map(({ element }) => element));
  }

  private update(state: State): void {
    const { source } = state;
    this.lookAgain(state);
    setText(this.name, source.name || "Nothing is open");
    setText(this.phase, PHASES[source.phase]);
    this.phase.dataset["phase"] = source.phase;
    show(this.close, source.phase !== "none");
    setText(this.problem, source.problem);
    show(this.problem, source.problem !== "");
    show(this.modes, source.live || (source.phase === "failed" && /^(k4a|orbbec):/.test(source.name)));
    for (const row of this.rows) row.update(this.store.value("KinectAzureTOP", row.setting.name) ?? row.setting.default);
    const told = JSON.stringify([source.warnings, source.facts]);
    if (told === this.told) return;
    this.told = told;
    this.warnings.replaceChildren(...source.warnings.map((text) => el("li", {}, text)));
    this.facts.replaceChildren(...source.facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  }

  /** Look for files again when there may be a new one. */
  private lookAgain(state: State): void {
    const files = JSON.stringify([state.recording?.running === true, state.project]);
    if (files !== this.files && this.files) this.connection.send({ do: "list" });
    this.files = files;
  }

  private list(sources: Sources): void {
    const project = (source: string): void => this.connection.send({ do: "open-project", path: source });
    this.lists.replaceChildren(
      group("Cameras", sources.cameras, (source) => this.open(source), ""),
      group("Recordings", sources.recordings, (source) => this.open(source), "No recordings in this folder."),
      group("Synthetic scenes", sources.scenes, (source) => this.open(source), ""),
      group("Projects", sources.projects, project, "No .toml files in this folder."),
    );
  }
}

function group(title: string, found: readonly Found[], open: (source: string) => void, none: string): HTMLElement {
  const items = found.map(({ source, label, problem }) =>
    problem
      ? el("li", { className: "missing" }, el("strong", {}, label), el("span", {}, problem))
      : el("li", {}, el("button", { type: "button", className: "choice", data: { source }, on: { click: () => open(source) } },
          el("strong", {}, source), ...(label === source ? [] : [el("span", {}, label)]))),
  );
  const empty = found.length === 0 && none ? [el("p", { className: "muted" }, none)] : [];
  return el("section", {}, el("h3", {}, title), ...empty, el("ul", { className: "choices" }, ...items));
}
