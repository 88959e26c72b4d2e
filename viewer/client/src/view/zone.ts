/** The zone that bodies count in, as a box: its sides can be dragged. */
import { Box3, Box3Helper, Color, Group, Mesh, MeshBasicMaterial, Plane, Raycaster, SphereGeometry, Vector2, Vector3 } from "three";
import type { View } from "./scene";

export type Bounds = [min: Vector3, max: Vector3];
type Axis = "x" | "y" | "z";

interface Handle {
  mesh: Mesh<SphereGeometry, MeshBasicMaterial>;
  axis: Axis;
  end: 0 | 1;
}

const AXES: Axis[] = ["x", "y", "z"];
const STEP = 0.05;

export class Zone {
  readonly group = new Group();
  private readonly box = new Box3();
  private readonly helper = new Box3Helper(this.box, new Color(0xb8860b));
  private readonly handles: Handle[] = [];
  private readonly ray = new Raycaster();
  private dragged: Handle | null = null;

  /** @param changed is called with a bound that is dragged: "min" or "max", its axis and its value in metres. */
  constructor(
    private readonly view: View,
    private readonly changed: (end: "min" | "max", axis: Axis, value: number) => void,
  ) {
    this.group.add(this.helper);
    for (const axis of AXES) {
      for (const end of [0, 1] as const) {
        const mesh = new Mesh(new SphereGeometry(0.06, 12, 8), new MeshBasicMaterial({ color: 0xb8860b }));
        this.handles.push({ mesh, axis, end });
        this.group.add(mesh);
      }
    }
    this.group.visible = false;
    view.canvas.addEventListener("pointerdown", (event) => this.grab(event), { capture: true });
    view.canvas.addEventListener("pointermove", (event) => this.drag(event));
    view.canvas.addEventListener("pointerup", () => this.release());
    view.canvas.addEventListener("pointercancel", () => this.release());
  }

  /** Show the zone; while a side is dragged, what is dragged is the truth. */
  update(bounds: Bounds | null): void {
    this.group.visible = bounds !== null;
    if (!bounds || this.dragged) return;
    this.box.set(...bounds);
    this.lay();
  }

  private lay(): void {
    const center = this.box.getCenter(new Vector3());
    for (const { mesh, axis, end } of this.handles) {
      mesh.position.copy(center);
      mesh.position[axis] = end ? this.box.max[axis] : this.box.min[axis];
    }
    this.view.draw();
  }

  private point(event: PointerEvent): void {
    const place = this.view.canvas.getBoundingClientRect();
    const at = new Vector2(
      ((event.clientX - place.left) / place.width) * 2 - 1,
      1 - ((event.clientY - place.top) / place.height) * 2,
    );
    this.ray.setFromCamera(at, this.view.camera);
  }

  private grab(event: PointerEvent): void {
    if (!this.group.visible) return;
    this.point(event);
    const hit = this.ray.intersectObjects(this.handles.map((handle) => handle.mesh))[0];
    this.dragged = this.handles.find((handle) => handle.mesh === hit?.object) ?? null;
    this.view.controls.enabled = this.dragged === null;
    if (this.dragged) this.view.canvas.setPointerCapture(event.pointerId);
  }

  private drag(event: PointerEvent): void {
    if (!this.dragged) return;
    this.point(event);
    const { axis, end, mesh } = this.dragged;
    // The side moves in the plane that holds its axis and faces the eye.
    const along = new Vector3().setComponent(AXES.indexOf(axis), 1);
    const toEye = this.view.camera.position.clone().sub(mesh.position);
    const facing = toEye.addScaledVector(along, -toEye.dot(along)).normalize();
    const hit = this.ray.ray.intersectPlane(new Plane().setFromNormalAndCoplanarPoint(facing, mesh.position), new Vector3());
    if (!hit) return;
    const value = Math.round(hit[axis] / STEP) * STEP;
    const limited = end ? Math.max(value, this.box.min[axis]) : Math.min(value, this.box.max[axis]);
    const bound = end ? this.box.max : this.box.min;
    if (Math.abs(bound[axis] - limited) < 1e-6) return;
    bound[axis] = limited;
    this.lay();
    this.changed(end ? "max" : "min", axis, Number(limited.toFixed(2)));
  }

  private release(): void {
    this.dragged = null;
    this.view.controls.enabled = true;
  }
}
