/** The page: what is looked at on one side, what is set on the other, the timeline below. */
import "./style.css";
import { Connection } from "./connection";
import { el, setText, show } from "./dom";
import { Channels } from "./panel/channels";
import { Outputs } from "./panel/outputs";
import { Parameters } from "./panel/parameters";
import { ProjectPanel } from "./panel/project";
import { SourcePanel } from "./panel/sources";
import { Tabs } from "./panel/tabs";
import { Plot } from "./plot";
import { Store } from "./store";
import { themeMenu } from "./theme";
import { Timeline } from "./timeline";
import { Stage } from "./view/stage";

const TOAST_MS = 8000;

let ready = false;
const store = new Store();
const connection = new Connection(store);
const plot = new Plot(store, watch);
const stage = new Stage(store, connection, watch);
const tabs = new Tabs(
  "Settings",
  [
    { name: "source", label: "Source", pane: new SourcePanel(store, connection).element },
    { name: "channels", label: "Channels", pane: new Channels(store, connection, plot).element },
    { name: "parameters", label: "Parameters", pane: new Parameters(store, connection).element },
    { name: "outputs", label: "Outputs", pane: new Outputs(store, connection).element },
    { name: "project", label: "Project", pane: new ProjectPanel(store, connection).element },
  ],
  watch,
);
const timeline = new Timeline(store, connection);

/** Tell the server what is shown; a page that nobody sees shows nothing. */
function watch(): void {
  if (!ready) return;
  const hidden = document.visibilityState === "hidden";
  connection.watch(
    hidden
      ? { do: "watch" }
      : { do: "watch", ...stage.watch(), channels: tabs.current === "channels" || plot.shown.size > 0, info: true },
  );
}

function header(): HTMLElement {
  const name = el("span", { className: "source-name" });
  const rates = el("span", { className: "rates muted" });
  const recording = el("span", { className: "chip recording", hidden: true }, "● Recording");
  store.on("state", (state) => {
    setText(name, state.source.name || "no camera");
    show(recording, state.recording?.running === true);
  });
  store.on("info", ({ values }) => {
    const timing = values["timeline"];
    if (!timing) {
      setText(rates, "");
      return;
    }
    const [captures, bodies] = [timing["captures_per_second"] ?? 0, timing["bodies_per_second"] ?? 0];
    const lag = timing["tracker_lag"] ?? 0;
    setText(rates, `${captures.toFixed(0)} images/s · ${bodies.toFixed(0)} tracked/s · lag ${lag.toFixed(0)} ms`);
  });
  const recolor = (): void => {
    stage.recolor();
    plot.recolor();
  };
  return el("header", {}, el("h1", {}, "bodychan"), name, recording, rates, themeMenu(recolor));
}

/** Say what could not be done, wherever it was asked for. */
function toast(): HTMLElement {
  const box = el("div", { className: "toast", role: "alert", hidden: true });
  let timer = 0;
  store.on("failed", ({ message }) => {
    setText(box, message);
    show(box, true);
    clearTimeout(timer);
    timer = window.setTimeout(() => show(box, false), TOAST_MS);
  });
  let drawing = false;
  store.on("state", ({ explanation: job }) => {
    if (drawing && job?.failed) store.tell("failed", { tell: "failed", command: "explain", subject: "", message: job.message });
    drawing = job?.running === true;
  });
  return box;
}

/** The tracker's debug picture, over the page. */
function explanation(): HTMLElement {
  const image = el("img", { alt: "What each stage of the tracker did with this capture" });
  const close = el("button", { type: "button" }, "Close");
  const dialog = el("dialog", { className: "explanation", aria: { label: "What the tracker saw" } }, close, image);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => URL.revokeObjectURL(image.src));
  store.on("moment", (moment) => {
    const picture = moment.part("explanation");
    if (!picture) return;
    image.src = URL.createObjectURL(new Blob([picture], { type: "image/png" }));
    if (!dialog.open) dialog.showModal();
  });
  return dialog;
}

document.addEventListener("visibilitychange", watch);
document.body.append(
  header(),
  el("main", {}, el("div", { className: "look" }, stage.element, plot.element, timeline.element), el("aside", { aria: { label: "Settings" } }, tabs.element)),
  toast(),
  explanation(),
);
ready = true;
watch();
