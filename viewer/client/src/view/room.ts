/** What stands still: floor, the camera and what it can see, and which way things fall. */
import { ArrowHelper, BufferGeometry, Float32BufferAttribute, GridHelper, Group, LineBasicMaterial, LineSegments, Quaternion, Vector3 } from "three";
import { themeColor } from "../colors";

const SEEN_METRES = 4;
const FLOOR_METRES = 6;
const UP = new Vector3(0, 1, 0);

export class Room {
  readonly group = new Group();
  readonly frustum = new LineSegments(new BufferGeometry(), new LineBasicMaterial());
  readonly gravity = new ArrowHelper(new Vector3(0, -1, 0), new Vector3(), 0.3, 0xe0446a, 0.06, 0.03);
  private floor = new GridHelper();

  constructor() {
    this.group.add(this.frustum, this.gravity);
    this.recolor();
  }

  recolor(): void {
    const old = this.floor;
    this.floor = new GridHelper(FLOOR_METRES, FLOOR_METRES * 2, themeColor("--line-strong"), themeColor("--line"));
    this.floor.position.copy(old.position);
    this.floor.quaternion.copy(old.quaternion);
    this.floor.visible = old.visible;
    old.removeFromParent();
    old.dispose();
    this.group.add(this.floor);
    this.frustum.material.color.set(themeColor("--accent"));
  }

  showFloor(shown: boolean): void {
    this.floor.visible = shown;
  }

  /** Show what the depth camera can see: the rays of its corners at 1 m. */
  setFrustum(corners: readonly (readonly [number, number, number])[]): void {
    const far = corners.map((corner) => new Vector3(...corner).multiplyScalar(SEEN_METRES));
    const lines: number[] = [];
    far.forEach((corner, i) => {
      const next = far[(i + 1) % far.length] ?? corner;
      lines.push(0, 0, 0, ...corner.toArray(), ...corner.toArray(), ...next.toArray());
    });
    this.frustum.geometry.setAttribute("position", new Float32BufferAttribute(lines, 3));
    this.frustum.frustumCulled = false;
  }

  /** Lay the floor at a height along up, where that is known, and point the arrow down. */
  setUp(up: readonly [number, number, number], height: number | null): void {
    const direction = new Vector3(...up).normalize();
    this.gravity.setDirection(direction.clone().negate());
    if (height === null) return;
    this.floor.quaternion.copy(new Quaternion().setFromUnitVectors(UP, direction));
    const ahead = new Vector3(0, 0, 1).addScaledVector(direction, -direction.z).normalize();
    this.floor.position.copy(direction).multiplyScalar(height).addScaledVector(ahead, FLOOR_METRES / 2);
  }
}
