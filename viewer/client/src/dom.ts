/** Making elements: a tag, what it has, and what is in it. */

type Child = Node | string;
type Props<T> = Partial<Omit<T, "style" | "dataset">> & {
  aria?: Record<string, string>;
  data?: Record<string, string>;
  role?: string;
  on?: Record<string, (event: Event) => void>;
};

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props<HTMLElementTagNameMap[K]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  const { aria, data, role, on, ...own } = props;
  Object.assign(made, own);
  if (role) made.setAttribute("role", role);
  for (const [name, value] of Object.entries(aria ?? {})) made.setAttribute(`aria-${name}`, value);
  for (const [name, value] of Object.entries(data ?? {})) made.dataset[name] = value;
  for (const [name, call] of Object.entries(on ?? {})) made.addEventListener(name, call);
  made.append(...children);
  return made;
}

export function button(label: string, press: () => void, props: Props<HTMLButtonElement> = {}): HTMLButtonElement {
  return el("button", { type: "button", ...props, on: { click: press, ...props.on } }, label);
}

export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function show(element: HTMLElement, shown: boolean): void {
  element.hidden = !shown;
}

let numbered = 0;

/** A new id, for labels to point at. */
export function freshId(): string {
  numbered += 1;
  return `e${numbered}`;
}

/** A menu with its label; `items` are value and text. */
export function menu(
  label: string,
  items: readonly (readonly [string, string])[],
  value: string,
  change: (value: string) => void,
): { row: HTMLLabelElement; select: HTMLSelectElement } {
  const select = el("select", {}, ...items.map(([name, text]) => el("option", { value: name }, text)));
  select.value = value;
  select.addEventListener("change", () => change(select.value));
  return { row: el("label", { className: "menu" }, el("span", {}, label), select), select };
}

/** Fill a menu anew, keeping what is chosen. */
export function refill(select: HTMLSelectElement, items: readonly (readonly [string, string])[]): void {
  const signature = JSON.stringify(items);
  if (select.dataset["items"] === signature) return;
  const value = select.value;
  select.replaceChildren(...items.map(([name, text]) => el("option", { value: name }, text)));
  select.dataset["items"] = signature;
  if (items.some(([name]) => name === value)) select.value = value;
}
