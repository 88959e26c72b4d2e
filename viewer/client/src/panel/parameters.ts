/** The parameters of an operator as a form, made from its table: a tab for each page. */
import type { Connection } from "../connection";
import { button, el, menu, refill } from "../dom";
import type { Operator, Setting, State } from "../messages";
import type { Store } from "../store";
import { Row } from "./row";
import { Tabs } from "./tabs";

export class Parameters {
  readonly element: HTMLElement;
  private readonly place = el("div");
  private readonly messages = el("p", { className: "problem", role: "alert", hidden: true });
  private readonly operator = menu("Operator", [], "", () => this.build());
  private rows = new Map<string, Row>();
  private built = "";

  constructor(
    private readonly store: Store,
    private readonly connection: Connection,
  ) {
    const reset = button("Reset all", () => connection.send({ do: "reset", operator: this.operator.select.value }));
    this.element = el(
      "div",
      { className: "pane" },
      el("div", { className: "row" }, this.operator.row, reset),
      this.messages,
      this.place,
    );
    store.on("state", (state) => this.update(state));
    store.on("failed", ({ subject, message }) => {
      const [operator, name] = subject.split(".");
      if (operator === this.operator.select.value && name) this.rows.get(name)?.refuse(message);
    });
  }

  private update(state: State): void {
    const bodies = this.operator.select.options.length === 0 ? this.store.operator("KinectAzureCHOP") : "";
    refill(this.operator.select, state.operators.map(({ name, type }) => [name, `${name} (${type})`]));
    if (bodies) this.operator.select.value = bodies;
    const chosen = this.chosen();
    if (!chosen) return;
    if (this.built !== `${chosen.name} ${chosen.type}`) this.build();
    for (const [name, row] of this.rows) {
      const value = chosen.values[name];
      if (value !== undefined) row.update(value);
    }
    const told = [chosen.errors, chosen.warnings].filter(Boolean).join("\n");
    this.messages.hidden = told === "";
    if (this.messages.textContent !== told) this.messages.textContent = told;
  }

  private chosen(): Operator | undefined {
    return this.store.state?.operators.find(({ name }) => name === this.operator.select.value);
  }

  private build(): void {
    const chosen = this.chosen();
    const settings = chosen && this.store.hello?.settings[chosen.type];
    if (!chosen || !settings) return;
    this.built = `${chosen.name} ${chosen.type}`;
    this.rows = new Map(settings.map((setting) => [setting.name, this.row(chosen.name, setting)]));
    const pages = [...new Set(settings.map(({ page }) => page))].map((page) => ({
      name: page,
      label: page,
      pane: el(
        "div",
        { className: "form" },
        ...settings.filter((setting) => setting.page === page).map(({ name }) => this.rows.get(name)?.element ?? ""),
      ),
    }));
    this.place.replaceChildren(new Tabs("Pages", pages, () => undefined, "tabs pages").element);
    for (const [name, row] of this.rows) row.update(chosen.values[name] ?? row.setting.default);
  }

  private row(operator: string, setting: Setting): Row {
    return new Row(
      setting,
      (value) => this.connection.send({ do: "set", operator, name: setting.name, value }),
      () => this.connection.send({ do: "reset", operator, names: [setting.name] }),
    );
  }
}
