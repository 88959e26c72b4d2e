/** Channels over time: the last 10 s of those that are chosen. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { playerColor, themeColor } from "./colors";
import { button, el, show } from "./dom";
import type { Moment, Store } from "./store";

const SECONDS = 10;
const HEIGHT = 200;

export class Plot {
  readonly element: HTMLElement;
  readonly shown = new Set<string>();
  private times: number[] = [];
  private values = new Map<string, (number | null)[]>();
  private chart: uPlot | null = null;
  private paused = false;
  private readonly place = el("div", { className: "chart" });
  private readonly pauseButton: HTMLButtonElement;

  /** @param changed is called when other channels are plotted. */
  constructor(private readonly store: Store, private readonly changed: () => void) {
    this.pauseButton = button("Pause", () => this.pause(!this.paused), { aria: { pressed: "false" } });
    this.element = el(
      "section",
      { className: "plot", aria: { label: "Plot" }, hidden: true },
      el(
        "div",
        { className: "plot-tools" },
        el("span", { className: "muted" }, "Last 10 s. Drag to zoom, double-click to go back."),
        this.pauseButton,
        button("Clear", () => this.clear()),
      ),
      this.place,
    );
    store.on("moment", (moment) => this.take(moment));
    store.on("connected", () => this.forget());
    new ResizeObserver(() => this.chart?.setSize({ width: this.place.clientWidth || 300, height: HEIGHT })).observe(this.place);
  }

  /** The colour of a channel that is plotted; none of another. */
  color(name: string): string {
    const place = [...this.shown].indexOf(name);
    return place < 0 ? "" : playerColor(place + 1);
  }

  toggle(name: string): void {
    if (!this.shown.delete(name)) this.shown.add(name);
    this.rebuild();
  }

  recolor(): void {
    this.rebuild();
  }

  private clear(): void {
    this.shown.clear();
    this.rebuild();
  }

  private forget(): void {
    this.times = [];
    for (const name of this.values.keys()) this.values.set(name, []);
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    this.pauseButton.setAttribute("aria-pressed", String(paused));
    if (!paused) this.draw();
  }

  private rebuild(): void {
    for (const name of [...this.values.keys()]) if (!this.shown.has(name)) this.values.delete(name);
    for (const name of this.shown) {
      if (!this.values.has(name)) this.values.set(name, new Array<null>(this.times.length).fill(null));
    }
    this.chart?.destroy();
    this.chart = null;
    this.pause(false);
    show(this.element, this.shown.size > 0);
    if (this.shown.size > 0) this.chart = this.made();
    this.changed();
  }

  private made(): uPlot {
    const line = { stroke: themeColor("--line"), width: 1 / devicePixelRatio };
    const axis = { stroke: themeColor("--ink"), grid: line, ticks: line };
    return new uPlot(
      {
        width: this.place.clientWidth || 300,
        height: HEIGHT,
        scales: { x: { time: false } },
        axes: [{ ...axis, values: (_, splits) => splits.map((value) => `${(value - this.last()).toFixed(1)} s`) }, axis],
        series: [
          { label: "time", value: (_, value) => (value === null ? "" : `${(value - this.last()).toFixed(2)} s`) },
          ...[...this.shown].map((name, i) => ({ label: name, stroke: playerColor(i + 1), width: 1.5 })),
        ],
        hooks: { setSelect: [(chart) => chart.select.width > 0 && this.pause(true)] },
        legend: { live: true },
      },
      this.data(),
      this.place,
    );
  }

  private last(): number {
    return this.times.at(-1) ?? 0;
  }

  private data(): uPlot.AlignedData {
    return [this.times, ...[...this.shown].map((name) => this.values.get(name) ?? [])];
  }

  private take(moment: Moment): void {
    const part = moment.part("channels");
    if (!part || this.shown.size === 0) return;
    const { revision, names } = this.store.names;
    this.times.push(performance.now() / 1000);
    for (const [name, values] of this.values) {
      const row = revision === moment.header.revision ? names.indexOf(name) : -1;
      values.push(row < 0 ? null : part.getFloat64(row * 8, true));
    }
    const old = this.times.findIndex((time) => time > this.last() - SECONDS);
    if (old > 0) {
      this.times.splice(0, old);
      for (const values of this.values.values()) values.splice(0, old);
    }
    if (!this.paused) this.draw();
  }

  private draw(): void {
    this.chart?.setData(this.data().map((row) => [...(row as (number | null)[])]) as uPlot.AlignedData);
    this.element.dataset["samples"] = String(this.times.length);
  }
}
