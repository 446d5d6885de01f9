// The main script: tabs, the message box, the state of the model.

import { $ } from "./dom.js";
import { apiKey, read } from "./api.js";
import { Chats, copyText } from "./chats.js";
import { ClusterView } from "./cluster.js";
import { Composer } from "./composer.js";
import { Follower } from "./scroll.js";
import { Sidebar } from "./sidebar.js";
import { setUpKey, setUpSettings, setUpTheme } from "./settings.js";
import { setUpShortcuts } from "./shortcuts.js";
import { Transcript } from "./transcript.js";

const retryModel = 1500;
const tabs = [$("tab-chat"), $("tab-cluster")];

const chats = new Chats({
  show: stay => {
    transcript.show(chats.current, chats.run, chats.modelOf(chats.current).id);
    showModel();
    if (stay) {
      follower.stay();
    } else {
      follower.follow(true);
    }
    showComposer();
  },
  updated: run => {
    if (run.chat === chats.current) {
      transcript.updateLast(run);
    }
    showComposer();
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
  retry: index => { chats.retry(index); composer.focus(); },
  edit: (index, text) => { chats.edit(index, text); composer.focus(); },
  choose: (index, version) => chats.choose(index, version),
  copy: copyText,
  key: () => askKey(),
}, () => follower.grown());
const composer = new Composer({
  send: ask,
  stop: () => chats.stop(),
  think: on => {
    chats.current.settings.think = on;
    chats.settingsChanged();
    showComposer();
  },
  editLast: () => chats.run || transcript.editLast(),
});
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

function ask(text, files) {
  chats.ask(text, files);
  composer.focus();
}

// The name of the model that answers in the current chat.
function showModel() {
  if ($("status").dataset.state === "ready") {
    const { id } = chats.modelOf(chats.current);
    $("model-name").textContent = id;
    $("model-name").title = id;
  }
}

function showComposer() {
  composer.show(chats.run !== null, chats.model, chats.current.settings);
}

addEventListener("keydown", event => {
  if (event.key === "Escape" && chats.run && !document.querySelector("dialog[open]") && !event.isComposing) {
    event.preventDefault();
    chats.stop();
    composer.focus();
  }
});

function toChat() {
  location.hash = "";
  showTab(tabs[0]);
}

// Opens the chat that is some places below the current one in the list.
function openBeside(places) {
  const next = chats.list[chats.list.indexOf(chats.current) + places];
  if (next) {
    toChat();
    chats.open(next.id);
  }
}

setUpShortcuts({
  search: () => sidebar.search(),
  begin: () => { toChat(); chats.begin(); composer.focus(); },
  above: () => openBeside(-1),
  below: () => openBeside(1),
  write: () => { toChat(); composer.focus(); },
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
    const [model, ...adapters] = (await read("v1/models")).data;
    if (turn !== looking) {
      return;
    }
    const first = chats.model.id !== model.id;
    chats.model = { id: model.id, reasons: Boolean(model.reasoning_parser), adapters: adapters.map(({ id }) => id) };
    showComposer();
    state("ready", chats.modelOf(chats.current).id);
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

setUpSettings(chats, findModel, showModel);
setUpTheme();
chats.views.show();
chats.views.listed();
showAddress();
findModel();
if (matchMedia("(hover: hover)").matches && tabs[0].getAttribute("aria-selected") === "true") {
  composer.focus();
}
