/** What the page knows, all of it told by the server; parts of the page listen to what they show. */
import type { Failed, Frame, Hello, Info, Matched, Names, Sources, State } from "./messages";

export interface Moment {
  header: Frame;
  part(name: string): DataView<ArrayBuffer> | null;
}

interface Topics {
  hello: Hello;
  state: State;
  names: Names;
  info: Info;
  matched: Matched;
  sources: Sources;
  failed: Failed;
  moment: Moment;
  connected: boolean;
}

export class Store {
  hello: Hello | null = null;
  state: State | null = null;
  names: Names = { tell: "names", revision: 0, names: [] };
  connected = false;
  private readonly listeners: { [K in keyof Topics]?: ((news: Topics[K]) => void)[] } = {};

  on<K extends keyof Topics>(topic: K, call: (news: Topics[K]) => void): void {
    const calls: ((news: Topics[K]) => void)[] = this.listeners[topic] ?? [];
    calls.push(call);
    (this.listeners as Record<K, ((news: Topics[K]) => void)[]>)[topic] = calls;
  }

  tell<K extends keyof Topics>(topic: K, news: Topics[K]): void {
    if (topic === "hello") this.hello = news as Hello;
    if (topic === "state") this.state = news as State;
    if (topic === "names") this.names = news as Names;
    if (topic === "connected") this.connected = news as boolean;
    for (const call of this.listeners[topic] ?? []) call(news);
  }

  /** The value of a parameter of the operator whose bodies are shown. */
  value(type: string, name: string): boolean | number | string | undefined {
    return this.state?.operators.find((operator) => operator.type === type)?.values[name];
  }

  /** The operator of a type that is shown: the first. */
  operator(type: string): string {
    return this.state?.operators.find((operator) => operator.type === type)?.name ?? "";
  }
}
