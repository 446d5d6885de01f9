// The main script: tabs, the message box, the state of the model.

import { $ } from "./dom.js";
import { apiKey, read } from "./api.js";
import { Chats, copyText } from "./chats.js";
import { ClusterView } from "./cluster.js";
import { Follower } from "./scroll.js";
import { Sidebar } from "./sidebar.js";
import { setUpKey, setUpSettings, setUpTheme } from "./settings.js";
import { Transcript } from "./transcript.js";

const retryModel = 1500;
const draft = $("draft"), tabs = [$("tab-chat"), $("tab-cluster")];

const chats = new Chats({
  show: () => {
    transcript.show(chats.current, chats.run, chats.model.id);
    showThink();
    follower.follow(true);
    showButton();
  },
  updated: run => {
    if (run.chat === chats.current) {
      transcript.updateLast(run);
    }
    showButton();
  },
  listed: () => sidebar.list(),
  failed: error => {
    if (error.status === 401) {
      wantKey(error);
    } else if (error.status === 0) {
      findModel();
    }
  },
});
const follower = new Follower($("scroller"), $("to-latest"));
const transcript = new Transcript($("transcript"), {
  ask,
  retry: index => { chats.retry(index); draft.focus({ preventScroll: true }); },
  edit: (index, text) => { chats.edit(index, text); draft.focus({ preventScroll: true }); },
  copy: copyText,
  key: () => askKey(),
}, () => follower.grown());
const sidebar = new Sidebar(chats);
const cluster = new ClusterView($("cluster"));
const askKey = setUpKey(() => {
  findModel();
  cluster.refresh();
});

// If a key was sent, shows the server's message about it; otherwise only that a key is needed.
function wantKey(error) {
  $("open-key").hidden = false;
  askKey(apiKey() ? error.message : undefined);
}

function ask(text) {
  chats.ask(text);
  draft.focus({ preventScroll: true });
}

function showButton() {
  const writing = chats.run !== null;
  $("send").hidden = writing;
  $("stop").hidden = !writing;
  $("send").disabled = draft.value.trim() === "";
}

function fitDraft() {
  draft.style.height = "auto";
  draft.style.height = `${draft.scrollHeight}px`;
  showButton();
}

function submit() {
  if (!chats.run && draft.value.trim()) {
    const text = draft.value.trim();
    draft.value = "";
    fitDraft();
    ask(text);
  }
}

function showThink() {
  $("think").hidden = !chats.model.reasons;
  $("think").setAttribute("aria-pressed", String(chats.current.settings.think));
}

$("think").addEventListener("click", () => {
  chats.current.settings.think = !chats.current.settings.think;
  chats.settingsChanged();
  showThink();
});
$("composer").addEventListener("submit", event => {
  event.preventDefault();
  submit();
});
draft.addEventListener("input", fitDraft);
draft.addEventListener("keydown", event => {
  // While an input method is composing, Enter selects a word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    submit();
  }
});
$("stop").addEventListener("click", () => {
  chats.stop();
  draft.focus();
});
addEventListener("keydown", event => {
  if (event.key === "Escape" && chats.run && !document.querySelector("dialog[open]") && !event.isComposing) {
    event.preventDefault();
    chats.stop();
    draft.focus();
  }
});

function showTab(chosen) {
  for (const tab of tabs) {
    const on = tab === chosen;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !on;
  }
  cluster.watch(chosen.id === "tab-cluster");
}

function showAddress() {
  showTab(location.hash === "#cluster" ? tabs[1] : tabs[0]);
}

tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => { location.hash = tab.id === "tab-cluster" ? "cluster" : ""; });
  tab.addEventListener("keydown", event => {
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      const other = event.key === "Home" ? tabs[0] : event.key === "End" ? tabs[1] : tabs[1 - i];
      other.click();
      other.focus();
      event.preventDefault();
    }
  });
});
addEventListener("hashchange", showAddress);

let looking = 0;

// Shows the model's name, or why it is not ready. Retries until it is.
async function findModel() {
  const turn = ++looking;
  const state = (kind, text) => {
    $("status").dataset.state = kind;
    $("model-name").textContent = text;
    $("model-name").title = text;
  };
  try {
    const model = (await read("v1/models")).data[0];
    if (turn !== looking) {
      return;
    }
    const first = chats.model.id !== model.id;
    chats.model = { id: model.id, reasons: Boolean(model.reasoning_parser) };
    showThink();
    state("ready", model.id);
    if (first && chats.current.messages.length === 0) {
      chats.views.show();
    }
  } catch (error) {
    if (turn !== looking) {
      return;
    }
    if (error.status === 401) {
      state("waiting", "Key needed");
      wantKey(error);
      return;
    }
    state(error.code === "model_not_ready" ? "waiting" : "gone", error.code === "model_not_ready" ? "Loading the model" : "Not reachable");
    setTimeout(() => turn === looking && findModel(), retryModel);
  }
}

setUpSettings(chats);
setUpTheme();
chats.views.show();
chats.views.listed();
fitDraft();
showAddress();
findModel();
if (matchMedia("(hover: hover)").matches && tabs[0].getAttribute("aria-selected") === "true") {
  draft.focus({ preventScroll: true });
}
