/** One parameter in a form: what it is called, what it is, what it does; a number in a range also as a slider. */
import { button, el, freshId, setText, show } from "../dom";
import { Held } from "../held";
import type { Setting } from "../messages";

export type Value = boolean | number | string;
type Control = HTMLInputElement | HTMLSelectElement;

/** A range wider than this makes no slider that anybody could use. */
const WIDEST_RANGE = 200;

export class Row {
  readonly element: HTMLElement;
  private readonly control: Control;
  private readonly slider: HTMLInputElement | null = null;
  private readonly refusal = el("p", { className: "problem", role: "alert", hidden: true });
  private readonly resetButton: HTMLButtonElement;
  private told: Value;
  private readonly held = new Held<Value>();

  constructor(
    readonly setting: Setting,
    private readonly set: (value: Value) => void,
    reset: () => void,
  ) {
    const [id, helpId] = [freshId(), freshId()];
    this.told = setting.default;
    this.control = control(setting);
    this.control.id = id;
    this.control.setAttribute("aria-describedby", helpId);
    this.control.addEventListener("change", () => this.send(this.control));
    const range = rangeOf(setting);
    if (range) this.slider = this.made(range);
    this.resetButton = button("↺", reset, { className: "reset", title: `Reset ${setting.label}`, aria: { label: `Reset ${setting.label}` } });
    const unit = setting.unit ? ` (${setting.unit})` : "";
    const press = setting.kind === "pulse" ? button("Do it", () => set(true)) : null;
    this.element = el(
      "div",
      { className: `setting ${setting.kind}`, data: { name: setting.name } },
      el("label", { htmlFor: id }, `${setting.label}${unit}`),
      el("div", { className: "controls" }, ...(this.slider ? [this.slider] : []), press ?? this.control, this.resetButton),
      el("p", { id: helpId, className: "help" }, setting.help),
      this.refusal,
    );
  }

  /** Show the server's value, unless it is being typed over. */
  update(value: Value): void {
    this.told = value;
    if (!this.held.lets(value)) return;
    const typing = document.activeElement === this.control && this.control instanceof HTMLInputElement && this.control.type !== "checkbox";
    if (this.control instanceof HTMLInputElement && this.control.type === "checkbox") this.control.checked = value === true;
    else if (!typing) this.control.value = String(value);
    if (this.slider && document.activeElement !== this.slider) this.slider.value = String(value);
    this.resetButton.disabled = value === this.setting.default || this.setting.kind === "pulse";
  }

  /** Say why the value was not taken. */
  refuse(message: string): void {
    this.held.drop();
    this.update(this.told);
    setText(this.refusal, message);
    show(this.refusal, true);
  }

  private made(range: readonly [number, number]): HTMLInputElement {
    const [low, high] = range;
    const slider = el("input", { type: "range", aria: { label: `${this.setting.label}, slider` } });
    slider.min = String(low);
    slider.max = String(high);
    slider.step = this.setting.kind === "int" ? "1" : String((high - low) / 200);
    slider.addEventListener("input", () => {
      this.control.value = String(Number(Number(slider.value).toPrecision(6)));
      this.send(this.control);
    });
    return slider;
  }

  private send(from: Control): void {
    show(this.refusal, false);
    const value = this.valueOf(from);
    this.held.ask(value);
    this.set(value);
  }

  private valueOf(from: Control): Value {
    if (from instanceof HTMLInputElement && from.type === "checkbox") return from.checked;
    const numeric = this.setting.kind === "int" || this.setting.kind === "float";
    // What is no number is for the server to refuse, in words.
    return numeric && from.value.trim() !== "" && Number.isFinite(Number(from.value)) ? Number(from.value) : from.value;
  }
}

function control(setting: Setting): Control {
  if (setting.kind === "menu") {
    return el("select", {}, ...setting.choices.map(([name, label]) => el("option", { value: name }, label)));
  }
  if (setting.kind === "toggle") return el("input", { type: "checkbox", role: "switch" });
  const numeric = setting.kind === "int" || setting.kind === "float";
  return el("input", { type: "text", inputMode: numeric ? "decimal" : "text", spellcheck: false, autocomplete: "off" });
}

function rangeOf(setting: Setting): readonly [number, number] | null {
  if (setting.kind !== "int" && setting.kind !== "float") return null;
  if (setting.soft) return setting.soft;
  if (setting.low === null || setting.high === null) return null;
  return setting.high - setting.low <= WIDEST_RANGE ? [setting.low, setting.high] : null;
}
