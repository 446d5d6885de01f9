// Stores chats and settings in this browser, one entry per chat. Everything read is validated, since it may be of another version or
// edited.

const prefix = "hunyuan.chat.", settingsName = "hunyuan.settings";

/** The sampling parameters with their ranges. The model's default applies to a parameter that is not set. */
export const samplingFields = [
  { name: "temperature", label: "Temperature", min: 0, max: 2, step: 0.1, hint: "0 always takes the likeliest token" },
  { name: "top_p", label: "Top p", min: 0.01, max: 1, step: 0.01, hint: "keep the likeliest tokens up to this share" },
  { name: "top_k", label: "Top k", min: 0, max: 1000, step: 1, hint: "keep this many; 0 keeps all" },
  { name: "min_p", label: "Min p", min: 0, max: 1, step: 0.01, hint: "drop tokens less likely than this part of the best" },
  { name: "repetition_penalty", label: "Repetition penalty", min: 0.5, max: 2, step: 0.01, hint: "1 does nothing" },
  { name: "presence_penalty", label: "Presence penalty", min: -2, max: 2, step: 0.1, hint: "against tokens that came before" },
  { name: "frequency_penalty", label: "Frequency penalty", min: -2, max: 2, step: 0.1, hint: "the more often they came, the more" },
  { name: "max_tokens", label: "Longest answer", min: 1, max: 131072, step: 1, hint: "in tokens" },
  { name: "seed", label: "Seed", min: 0, max: 2147483647, step: 1, hint: "the same seed gives the same answer" },
];

// Deeper branches and further files are dropped.
const maxBranching = 100, maxFiles = 100;

const text = value => (typeof value === "string" ? value : "");

function checkedSettings(given) {
  const settings = { system: typeof given?.system === "string" ? given.system : "You are a helpful assistant.", think: given?.think !== false };
  for (const name of ["stop", "model"]) {
    if (typeof given?.[name] === "string") {
      settings[name] = given[name];
    }
  }
  for (const { name, min, max } of samplingFields) {
    const value = given?.[name];
    if (typeof value === "number" && value >= min && value <= max) {
      settings[name] = value;
    }
  }
  return settings;
}

const checkedMessages = (given, depth) => given.map(message => checkedMessage(message, depth)).filter(Boolean);

function checkedFiles(given) {
  const files = given.slice(0, maxFiles).filter(file => typeof file?.name === "string" && typeof file.content === "string");
  return files.map(({ name, content }) => ({ name, content }));
}

// Other versions of a message are lists of messages that begin with one of the same role. Null is the place of the shown one.
function checkedVersions(given, role, depth) {
  const versions = given.map(version => (Array.isArray(version) ? checkedMessages(version, depth + 1) : version))
    .filter(version => version === null || (Array.isArray(version) && version[0]?.role === role));
  versions.forEach(version => version && delete version[0].versions);
  return versions.length > 1 && versions.filter(version => version === null).length === 1 ? versions : undefined;
}

function checkedMessage(given, depth) {
  if (!given || (given.role !== "user" && given.role !== "assistant")) {
    return null;
  }
  const message = { role: given.role, content: text(given.content) };
  for (const [name, type] of Object.entries({ tokens: "number", rate: "number", first: "number", finish: "string", approximate: "boolean", thought: "string", thinking: "number" })) {
    if (typeof given[name] === type) {
      message[name] = given[name];
    }
  }
  if (Array.isArray(given.files)) {
    message.files = checkedFiles(given.files);
  }
  if (Array.isArray(given.versions) && depth < maxBranching) {
    message.versions = checkedVersions(given.versions, message.role, depth);
  }
  return message;
}

function checkedChat(given) {
  if (typeof given?.id !== "string" || !Array.isArray(given.messages)) {
    return null;
  }
  return {
    id: given.id,
    title: text(given.title),
    created: Number(given.created) || 0,
    updated: Number(given.updated) || 0,
    settings: checkedSettings(given.settings),
    messages: checkedMessages(given.messages, 0),
  };
}

function parse(json, check) {
  try {
    return check(JSON.parse(json));
  } catch {
    return null;
  }
}

function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** The settings of new chats: those that were changed last. */
export const lastSettings = () => parse(stored(settingsName), checkedSettings) ?? checkedSettings({});

export function newChat() {
  const now = Date.now();
  return { id: crypto.randomUUID?.() ?? `${now}-${Math.random().toString(36).slice(2)}`, title: "", created: now, updated: now, settings: lastSettings(), messages: [] };
}

/** Returns all chats, the last changed first. */
export function allChats() {
  const chats = [];
  try {
    for (let i = 0; i < localStorage.length; i++) {
      const name = localStorage.key(i);
      const chat = name.startsWith(prefix) ? parse(localStorage.getItem(name), checkedChat) : null;
      if (chat) {
        chats.push(chat);
      }
    }
  } catch {
    // Storage is disabled: chats are lost when the page is closed.
  }
  return chats.sort((a, b) => b.updated - a.updated);
}

/** Saves a chat. Returns false if storage is full or disabled. */
export function saveChat(chat) {
  try {
    localStorage.setItem(prefix + chat.id, JSON.stringify(chat));
    return true;
  } catch {
    return false;
  }
}

export function saveSettings(settings) {
  try {
    localStorage.setItem(settingsName, JSON.stringify(settings));
  } catch {
    // The settings still apply to this chat.
  }
}

export function deleteChat(id) {
  try {
    localStorage.removeItem(prefix + id);
  } catch {
    // Nothing was stored.
  }
}

/** Registers a callback for changes by other tabs. */
export function onForeignChange(changed) {
  addEventListener("storage", event => {
    if (event.key === null || event.key.startsWith(prefix)) {
      changed(event.key?.slice(prefix.length) ?? null);
    }
  });
}
