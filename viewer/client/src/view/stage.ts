/** What is looked at: the 3D view or an image, with its tools, and what to say when there is nothing to see. */
import { Vector3 } from "three";
import type { Connection } from "../connection";
import { playerColor } from "../colors";
import { button, el, menu, refill, setText, show } from "../dom";
import type { State, Watch } from "../messages";
import type { Moment, Store } from "../store";
import { Picture } from "./picture";
import { PointCloud } from "./points";
import { Room } from "./room";
import { View, type Side } from "./scene";
import { Skeletons } from "./skeletons";
import { Zone } from "./zone";

type Mode = "3d" | "image";
const SIDES: [Side, string][] = [
  ["front", "Front"],
  ["side", "Side"],
  ["back", "Back"],
  ["top", "Top"],
  ["camera", "Camera"],
];

export class Stage {
  readonly element: HTMLElement;
  private readonly view = new View();
  private readonly room = new Room();
  private readonly points = new PointCloud(() => this.view.draw());
  private readonly zone: Zone;
  private readonly picture: Picture;
  private skeletons: Skeletons | null = null;
  private mode: Mode = "3d";
  private cloud: NonNullable<Watch["cloud"]> = "depth";
  private image = "color";
  private following = 0;
  private everybody = 0;
  private moment = false;
  private readonly tags = el("div", { className: "tags", aria: { hidden: "true" } });
  private readonly message = el("div", { className: "message", role: "status" });
  private readonly tools3d = el("div", { className: "tools" });
  private readonly toolsImage = el("div", { className: "tools" });
  private readonly modes = new Map<Mode, HTMLButtonElement>();
  private readonly follow = menu("Follow", [["0", "Nobody"]], "0", (value) => (this.following = Number(value)));

  /** @param changed is called when something else is shown: see `watch`. */
  constructor(
    private readonly store: Store,
    connection: Connection,
    private readonly changed: () => void,
  ) {
    this.zone = new Zone(this.view, (end, axis, value) => {
      const operator = store.operator("KinectAzureCHOP");
      connection.send({ do: "set", operator, name: `zone${end}${axis}`, value });
    });
    this.picture = new Picture(
      () => store.hello?.joints ?? [],
      () => store.value("KinectAzureCHOP", "aspectcorrectuv") === true,
    );
    this.view.rig.add(this.points.points, this.room.group);
    this.view.world.add(this.zone.group);
    this.view.afterDraw = () => this.layTags();
    this.element = el(
      "section",
      { className: "stage", aria: { label: "View" } },
      el("div", { className: "toolbar" }, this.modeButtons(), this.tools3d, this.toolsImage),
      el("div", { className: "screen" }, this.view.canvas, this.picture.element, this.tags, this.message),
    );
    this.makeTools();
    this.showMode("3d");
    store.on("hello", () => this.begin());
    store.on("state", (state) => this.update(state));
    store.on("moment", (moment) => this.draw(moment));
    store.on("connected", () => this.say());
  }

  /** What this part of the page shows. */
  watch(): Pick<Watch, "skeletons" | "cloud" | "image"> {
    const looking = this.mode === "3d";
    return { skeletons: true, cloud: looking ? this.cloud : "off", image: looking ? "" : this.image };
  }

  recolor(): void {
    this.room.recolor();
    this.view.recolor();
  }

  private begin(): void {
    if (!this.store.hello || this.skeletons) return;
    this.skeletons = new Skeletons(this.store.hello.joints);
    this.view.world.add(this.skeletons.group);
    const images = this.store.hello.images;
    const choice = menu("Image", images, this.image, (value) => {
      this.image = value;
      this.changed();
    });
    this.toolsImage.replaceChildren(choice.row);
  }

  private modeButtons(): HTMLElement {
    const make = (mode: Mode, label: string): HTMLButtonElement => {
      const made = button(label, () => this.showMode(mode));
      this.modes.set(mode, made);
      return made;
    };
    return el("div", { className: "segments", role: "group", aria: { label: "What to look at" } }, make("3d", "3D"), make("image", "Image"));
  }

  private makeTools(): void {
    const points = menu("Points", [["depth", "By depth"], ["color", "In colour"], ["off", "Off"]], this.cloud, (value) => {
      this.cloud = value as typeof this.cloud;
      if (value === "off") this.points.hide();
      this.view.draw();
      this.changed();
    });
    const sides = menu("View", SIDES, "front", (value) => this.view.look(value as Side));
    const toggle = (label: string, change: (on: boolean) => void): HTMLElement => {
      const box = el("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => {
        change(box.checked);
        this.view.draw();
      });
      return el("label", { className: "check" }, box, label);
    };
    this.tools3d.append(
      points.row,
      sides.row,
      this.follow.row,
      toggle("Floor", (on) => this.room.showFloor(on)),
      toggle("Camera", (on) => (this.room.frustum.visible = this.room.gravity.visible = on)),
    );
  }

  private showMode(mode: Mode): void {
    this.mode = mode;
    for (const [name, made] of this.modes) made.setAttribute("aria-pressed", String(name === mode));
    show(this.tools3d, mode === "3d");
    show(this.toolsImage, mode === "image");
    show(this.view.canvas, mode === "3d");
    show(this.tags, mode === "3d");
    show(this.picture.element, mode === "image");
    this.changed();
    this.view.draw();
  }

  private update(state: State): void {
    if (["none", "connecting", "failed"].includes(state.source.phase)) this.clear();
    this.room.setFrustum(state.source.frustum);
    const value = (name: string): number => Number(this.store.value("KinectAzureCHOP", name) ?? 0);
    const bound = (end: string): Vector3 => new Vector3(value(`zone${end}x`), value(`zone${end}y`), value(`zone${end}z`));
    this.zone.update(this.store.value("KinectAzureCHOP", "zone") === true ? [bound("min"), bound("max")] : null);
    const places = Number(this.store.value("KinectAzureCHOP", "maxplayers") ?? 1);
    const items: [string, string][] = [["0", "Nobody"]];
    for (let place = 1; place <= places; place += 1) items.push([String(place), `Player ${place}`]);
    refill(this.follow.select, items);
    this.say();
  }

  private clear(): void {
    this.points.hide();
    this.skeletons?.update(new Float32Array(), []);
    this.everybody = 0;
    this.moment = false;
    this.view.draw();
  }

  private draw(moment: Moment): void {
    const { header } = moment;
    if (header.serial === 0) return;
    const joints = moment.part("joints");
    this.moment ||= header.capture > 0;
    if (joints) {
      const values = new Float32Array(joints.buffer.slice(joints.byteOffset, joints.byteOffset + joints.byteLength));
      this.skeletons?.update(values, header.players);
      this.picture.setJoints(values, header.players);
    }
    this.everybody = header.players.filter((id) => id > 0).length;
    this.view.canvas.setAttribute("aria-label", `3D view, ${this.everybody} people`);
    this.say();
    if (this.mode === "3d") this.draw3d(moment);
    else this.drawImage(moment);
  }

  private draw3d(moment: Moment): void {
    const { header } = moment;
    this.view.place(header.placement);
    this.room.setUp(header.up, header.floor);
    const [rays, depth] = [moment.part("rays"), moment.part("depth")];
    if (rays) this.points.setRays(rays, header.grid[0]);
    this.points.setScale(this.view.pixelsPerTangent);
    this.skeletons?.setWidth(this.view.canvas.clientHeight / 180);
    if (depth && this.cloud !== "off") {
      void this.points.setDepth(depth, ...header.grid);
      void this.points.setColors(this.cloud === "color" ? moment.part("colors") : null);
    }
    const player = this.skeletons?.players.find(({ place }) => place === this.following);
    if (player) this.view.follow(player.pelvis);
    this.view.drawNow();
  }

  private drawImage(moment: Moment): void {
    const image = moment.part("image");
    if (image) void this.picture.setImage(moment.header.image, image);
    else this.picture.draw();
  }

  private layTags(): void {
    const players = this.skeletons?.players ?? [];
    while (this.tags.childElementCount > players.length) this.tags.lastElementChild?.remove();
    players.forEach(({ place, id, head }, i) => {
      const tag = (this.tags.children[i] as HTMLElement | undefined) ?? this.tags.appendChild(el("span"));
      setText(tag, `p${place} · id ${id}`);
      tag.style.borderColor = playerColor(place);
      const at = this.view.onCanvas(head.clone().add(new Vector3(0, 0.25, 0)));
      tag.hidden = at === null;
      if (at) tag.style.transform = `translate(calc(${at.x}px - 50%), calc(${at.y}px - 100%))`;
    });
  }

  /** Say what is the matter where there is nothing to see, and what to do. */
  private say(): void {
    const text = this.matter();
    setText(this.message, text);
    show(this.message, text !== "");
  }

  private matter(): string {
    const state = this.store.state;
    if (!this.store.connected) return state ? "Connection lost. Trying again…" : "Connecting to bodychan…";
    if (!state) return "";
    const { phase, name, problem } = state.source;
    if (phase === "none") return "No camera yet: choose one under Source.";
    if (phase === "connecting") return `Opening ${name}…`;
    if (phase === "failed") return problem;
    if (!this.moment) return `Waiting for the first image of ${name}…`;
    return this.everybody === 0 ? "Nobody is seen yet." : "";
  }
}
