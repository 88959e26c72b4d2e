// Made by scripts/viewer_types.py from commands.py, events.py and frames.py: change them there.

/** Send the channels of an operator to one more target. */
export interface AddOutput {
  do: "add-output";
  source: string;
  target: string;
  overwrite?: boolean;
}

/** Return the export up. */
export interface CancelExport {
  do: "cancel-export";
}

/** Draw what the tracker did with a capture. */
export interface Explain {
  do: "explain";
  capture: number;
}

/** Track the whole recording and write its channels to a file. */
export interface Export {
  do: "export";
  path: string;
  overwrite?: boolean;
}

/** A command could not be done. `subject` is the field it was about, as far as there is one. */
export interface Failed {
  tell: "failed";
  command: string;
  subject: string;
  message: string;
}

/** One thing to fill in; with `choices` it is a menu. */
export interface Field {
  name: string;
  label: string;
  default: string;
  choices: string[];
}

/** A kind of output: what to fill in, and the target that becomes of it. `template` holds `{field}` where a field's text goes. */
export interface Form {
  kind: string;
  help: string;
  template: string;
  fields: Field[];
}

/** Something that can be opened, or what keeps it from being opened. */
export interface Found {
  source: string;
  label: string;
  problem: string;
}

/** The header of a binary message. `seconds` is the place in the recording, -1 where there is none; `players` the body id in each place, 0 for nobody; `placement` the (3, 4) matrix from the camera's channel axes to those of the channels, row by row; `up` a direction and `floor` a height along it, of what the depth image shows lowest. Parts: `channels` float64 (C); `joints` float32 (P, 32, 8) tx ty tz confidence u v depthu depthv; `depth` deflated, see `cloud`; `rays` int16 (N, 2); `colors` and `image` JPEG; `explanation` PNG. */
export interface Frame {
  serial: number;
  seconds: number;
  capture: number;
  captured_ms: number;
  players: number[];
  revision: number;
  grid: [number, number];
  placement: number[];
  up: [number, number, number];
  floor: number | null;
  image: string;
  aspect: number;
  parts: { [key: string]: Part };
}

/** What does not change while the server runs. `settings` are the parameters by kind of operator. */
export interface Hello {
  tell: "hello";
  version: string;
  folder: string;
  joints: JointRow[];
  images: [string, string][];
  settings: { [key: string]: Setting[] };
  forms: Form[];
}

/** Info channels by operator, and what this page's connection does. */
export interface Info {
  tell: "info";
  values: { [key: string]: { [key: string]: number } };
}

/** Something that takes a while. `expected` is 0 where it is not known. */
export interface Job {
  path: string;
  running: boolean;
  done: number;
  expected: number;
  message: string;
  failed: boolean;
}

/** A row of the joint table. */
export interface JointRow {
  name: string;
  parent: number;
}

/** Ask what there is to open. */
export interface ListSources {
  do: "list";
}

/** Play a recording again and again, or once. */
export interface Loop {
  do: "loop";
  on: boolean;
}

/** Ask which channels a pattern chooses. */
export interface Match {
  do: "match";
  pattern: string;
}

/** The channels that a pattern chooses; `problem` if it does not parse. */
export interface Matched {
  tell: "matched";
  pattern: string;
  names: string[];
  problem: string;
}

/** The names of the channels that follow in frames of the same revision. */
export interface Names {
  tell: "names";
  revision: number;
  names: string[];
}

/** Replace operators, parameters and outputs by those of a .toml file; its outputs may replace files. */
export interface OpenProject {
  do: "open-project";
  path: string;
  overwrite?: boolean;
}

/** Show another camera, recording or scene; empty closes the one that is open. */
export interface OpenSource {
  do: "open";
  source: string;
}

/** An operator and the values of its parameters. */
export interface Operator {
  name: string;
  type: string;
  values: { [key: string]: boolean | number | string };
  errors: string;
  warnings: string;
}

/** An output and how it does. */
export interface OutputLight {
  number: number;
  source: string;
  target: string;
  light: "failing" | "idle" | "sending";
  sent: number;
  problem: string;
}

/** Where a part of a binary message lies, in bytes from the end of the header. */
export interface Part {
  offset: number;
  length: number;
}

/** Let the timeline run, or let it stand. */
export interface Play {
  do: "play";
  playing: boolean;
}

/** When a body was there, in seconds of the recording. */
export interface Presence {
  id: number;
  spans: [number, number][];
}

/** Record what the camera delivers to an .mkv file. */
export interface Record {
  do: "record";
  path: string;
  overwrite?: boolean;
}

/** Close an output. */
export interface RemoveOutput {
  do: "remove-output";
  number: number;
}

/** Return parameters their defaults; without names, all of the operator's. */
export interface ResetParameters {
  do: "reset";
  operator: string;
  names?: string[];
}

/** Write operators, parameters and outputs to a .toml file. */
export interface SaveProject {
  do: "save";
  path: string;
  overwrite?: boolean;
}

/** Go to a second of the recording. */
export interface Seek {
  do: "seek";
  seconds: number;
}

/** The page has drawn a frame: the next one may come. */
export interface Seen {
  do: "seen";
  serial: number;
}

/** Return a parameter a value. */
export interface SetParameter {
  do: "set";
  operator: string;
  name: string;
  value: boolean | number | string;
}

/** A parameter as a form shows it: a row of the operator's table. `low` and `high` are hard limits, `soft` the range of a slider, `choices` a menu's items, name and label. */
export interface Setting {
  name: string;
  label: string;
  page: string;
  kind: string;
  help: string;
  default: boolean | number | string;
  unit: string;
  low: number | null;
  high: number | null;
  soft: [number, number] | null;
  choices: [string, string][];
}

/** Choose the operator whose channels the page lists. */
export interface ShowChannels {
  do: "show";
  operator: string;
}

/** What is shown. `seekable` has a timeline, of `duration` seconds; `problem` says what to do. */
export interface Source {
  name: string;
  phase: "connecting" | "ended" | "failed" | "none" | "running";
  live: boolean;
  seekable: boolean;
  fps: number;
  duration: number;
  problem: string;
  warnings: string[];
  facts: [string, string][];
  frustum: [number, number, number][];
}

/** What there is to open. */
export interface Sources {
  tell: "sources";
  cameras: Found[];
  recordings: Found[];
  scenes: Found[];
  projects: Found[];
}

/** Play a recording so many times as fast. */
export interface Speed {
  do: "speed";
  factor: number;
}

/** All that is set. What the page shows is this and nothing else. */
export interface State {
  tell: "state";
  source: Source;
  operators: Operator[];
  shown: string;
  playing: boolean;
  speed: number;
  loop: boolean;
  outputs: OutputLight[];
  recording: Job | null;
  export: Job | null;
  explanation: Job | null;
  presence: Presence[];
  command: string;
  project: string;
}

/** Go some captures forward or back. */
export interface Step {
  do: "step";
  captures: number;
}

/** Finish the recording. */
export interface StopRecording {
  do: "stop-recording";
}

/** What the page shows now; a hidden page shows nothing and gets nothing. */
export interface Watch {
  do: "watch";
  skeletons?: boolean;
  channels?: boolean;
  info?: boolean;
  cloud?: "color" | "depth" | "off";
  image?: string;
}

export type Commands = Watch | Seen | Match | ListSources | OpenSource | SetParameter | ResetParameters | Play | Step | Seek | Speed | Loop | ShowChannels | AddOutput | RemoveOutput | Record | StopRecording | Export | CancelExport | SaveProject | OpenProject | Explain;

export type Events = Hello | State | Names | Info | Matched | Sources | Failed;
