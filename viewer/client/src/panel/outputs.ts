/** Where channels go: outputs with their lights, a form for a new one; recording and export. */
import type { Connection } from "../connection";
import { button, el, freshId, menu, refill, setText, show } from "../dom";
import type { Form, Job, OutputLight, State } from "../messages";
import type { Store } from "../store";
import { FileForm } from "./file";

const LIGHTS: Record<OutputLight["light"], string> = { sending: "Sending", idle: "Idle", failing: "Failing" };

export class Outputs {
  readonly element: HTMLElement;
  private readonly list = el("ul", { className: "outputs" });
  private readonly forms = el("div");
  private readonly fields = el("div", { className: "form" });
  private readonly from = menu("Channels of", [], "", () => undefined);
  private readonly kind = menu("Kind", [], "", () => this.fill());
  private readonly replace = el("input", { type: "checkbox" });
  private readonly replaceRow = el("label", { className: "check" }, this.replace, "Replace the file if it exists");
  private readonly refusal = el("p", { className: "problem", role: "alert", hidden: true });
  private readonly recording: JobView;
  private readonly exporting: JobView;

  constructor(
    private readonly store: Store,
    private readonly connection: Connection,
  ) {
    this.recording = new JobView("Recording", () => connection.send({ do: "stop-recording" }), "Stop");
    this.exporting = new JobView("Export", () => connection.send({ do: "cancel-export" }), "Cancel");
    const record = new FileForm("Record to", "take.mkv", "Record", (path, overwrite) =>
      connection.send({ do: "record", path, overwrite }),
    );
    const exported = new FileForm("Export to", "take.parquet", "Export", (path, overwrite) =>
      connection.send({ do: "export", path, overwrite }),
    );
    const add = el("form", {}, this.kind.row, this.from.row, this.fields, this.replaceRow, this.refusal, el("button", { type: "submit", className: "primary" }, "Add"));
    add.addEventListener("submit", (event) => {
      event.preventDefault();
      show(this.refusal, false);
      connection.send({ do: "add-output", source: this.from.select.value, target: this.target(), overwrite: this.replace.checked });
    });
    this.forms.append(add);
    this.element = el(
      "div",
      { className: "pane" },
      el("h2", {}, "Outputs"),
      this.list,
      el("details", { className: "card", open: true }, el("summary", {}, "Add an output"), this.forms),
      el("h2", {}, "Record the camera"),
      el("p", { className: "muted" }, "Images and inertial sensor, as an .mkv file that can be opened here again."),
      record.element,
      this.recording.element,
      el("h2", {}, "Export the recording"),
      el("p", { className: "muted" }, "Tracks every capture from start to end, into a file of any kind that an output can be."),
      exported.element,
      this.exporting.element,
    );
    store.on("hello", ({ forms }) => {
      refill(this.kind.select, forms.map(({ kind }) => [kind, kind]));
      this.fill();
    });
    store.on("state", (state) => this.update(state));
    store.on("failed", ({ command, message }) => {
      if (command === "add-output") {
        setText(this.refusal, message);
        show(this.refusal, true);
      }
      if (command === "record") record.refuse(message);
      if (command === "export") exported.refuse(message);
    });
  }

  private form(): Form | undefined {
    return this.store.hello?.forms.find(({ kind }) => kind === this.kind.select.value);
  }

  private fill(): void {
    const form = this.form();
    if (!form) return;
    show(this.replaceRow, !form.template.includes("://"));
    this.fields.replaceChildren(
      el("p", { className: "help" }, form.help),
      ...form.fields.map((field) => {
        const id = freshId();
        const input = field.choices.length
          ? el("select", { id, name: field.name }, ...field.choices.map((choice) => el("option", { value: choice }, choice)))
          : el("input", { id, name: field.name, type: "text", value: field.default, spellcheck: false, autocomplete: "off" });
        input.value = field.default;
        return el("div", { className: "setting" }, el("label", { htmlFor: id }, field.label), input);
      }),
    );
  }

  private target(): string {
    let target = this.form()?.template ?? "";
    for (const input of this.fields.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
      target = target.replace(`{${input.name}}`, input.value.trim());
    }
    return target;
  }

  private update(state: State): void {
    const withChannels = state.operators.filter(({ type }) => type.endsWith("CHOP"));
    refill(this.from.select, withChannels.map(({ name }) => [name, name]));
    show(this.from.row, withChannels.length > 1);
    const known = new Map([...this.list.children].map((item) => [(item as HTMLElement).dataset["number"], item as HTMLElement]));
    const items = state.outputs.map((output) => lit(known.get(String(output.number)) ?? this.item(output), output));
    if (items.length) this.list.replaceChildren(...items.filter((item, i) => this.list.children[i] !== item).length ? items : [...this.list.children]);
    else this.list.replaceChildren(el("li", { className: "muted" }, "Nothing is sent yet."));
    this.recording.update(state.recording);
    this.exporting.update(state.export);
  }

  private item(output: OutputLight): HTMLElement {
    const again = (): void => this.connection.send({ do: "remove-output", number: output.number });
    const change = (): void => {
      again();
      this.prefill(output);
    };
    return el(
      "li",
      { className: "output", data: { number: String(output.number) } },
      el("span", { className: "light" }),
      el("strong", {}, output.target),
      el("span", { className: "muted" }),
      button("Change", change, { aria: { label: `Change ${output.target}` } }),
      button("Remove", again, { aria: { label: `Remove ${output.target}` } }),
      el("p", { className: "problem", hidden: true }),
    );
  }

  /** Put an output's target into the form, to be changed and added again. */
  private prefill(output: OutputLight): void {
    for (const form of this.store.hello?.forms ?? []) {
      const names = form.fields.map(({ name }) => name);
      const pattern = form.template.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\\\{(\w+)\\\}/g, "(.*)");
      const found = new RegExp(`^${pattern}$`).exec(output.target);
      if (!found) continue;
      this.kind.select.value = form.kind;
      this.fill();
      names.forEach((name, i) => {
        const input = this.fields.querySelector<HTMLInputElement>(`[name="${name}"]`);
        if (input) input.value = found[i + 1] ?? "";
      });
      this.fields.querySelector<HTMLInputElement>("input, select")?.focus();
      return;
    }
  }
}

function lit(item: HTMLElement, output: OutputLight): HTMLElement {
  item.dataset["light"] = output.light;
  const [, , told, , , problem] = item.children;
  if (told) setText(told, `${LIGHTS[output.light]}, ${output.sent} frames`);
  if (problem) {
    setText(problem, output.problem);
    (problem as HTMLElement).hidden = output.problem === "";
  }
  return item;
}

/** How far something is that takes a while. */
class JobView {
  readonly element: HTMLElement;
  private readonly text = el("p", { role: "status" });
  private readonly bar = el("progress");
  private readonly stop: HTMLButtonElement;

  constructor(private readonly label: string, stop: () => void, stopLabel: string) {
    this.bar.setAttribute("aria-label", label);
    this.stop = button(stopLabel, stop);
    this.element = el("div", { className: "job", hidden: true }, this.text, this.bar, this.stop);
  }

  update(job: Job | null): void {
    show(this.element, job !== null);
    if (!job) return;
    const share = job.expected ? ` of ${job.expected}` : "";
    const done = job.running ? `${job.done}${share} captures` : job.failed ? "failed" : "finished";
    setText(this.text, `${this.label} ${job.path}: ${done}. ${job.message}`);
    this.text.classList.toggle("problem", job.failed);
    this.element.dataset["running"] = String(job.running);
    show(this.stop, job.running);
    show(this.bar, job.running && job.expected > 0);
    this.bar.max = job.expected || 1;
    this.bar.value = job.done;
  }
}
