/** Tabs, as the keyboard expects them: arrows go from one to the next. */
import { button, el, freshId, show } from "../dom";

export interface Tab {
  name: string;
  label: string;
  pane: HTMLElement;
}

export class Tabs {
  readonly element: HTMLElement;
  private readonly made: { tab: Tab; control: HTMLButtonElement; pane: HTMLElement }[];
  current: string;

  constructor(
    label: string,
    tabs: readonly Tab[],
    private readonly changed: (name: string) => void = () => undefined,
    className = "tabs",
  ) {
    this.current = tabs[0]?.name ?? "";
    this.made = tabs.map((tab) => {
      const [id, paneId] = [freshId(), freshId()];
      const control = button(tab.label, () => this.open(tab.name), { id, role: "tab", aria: { controls: paneId }, data: { tab: tab.name } });
      const pane = el("div", { id: paneId, role: "tabpanel", className: "tabpanel", aria: { labelledby: id } }, tab.pane);
      return { tab, control, pane };
    });
    const list = el("div", { className: "tablist", role: "tablist", aria: { label } }, ...this.made.map(({ control }) => control));
    list.addEventListener("keydown", (event) => this.key(event));
    this.element = el("div", { className }, list, ...this.made.map(({ pane }) => pane));
    this.open(this.current);
  }

  open(name: string): void {
    this.current = name;
    for (const { tab, control, pane } of this.made) {
      control.setAttribute("aria-selected", String(tab.name === name));
      control.tabIndex = tab.name === name ? 0 : -1;
      show(pane, tab.name === name);
    }
    this.changed(name);
  }

  private key(event: KeyboardEvent): void {
    const at = this.made.findIndex(({ tab }) => tab.name === this.current);
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: this.made.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = this.made[(at + step + this.made.length) % this.made.length];
    if (!next) return;
    this.open(next.tab.name);
    next.control.focus();
  }
}
