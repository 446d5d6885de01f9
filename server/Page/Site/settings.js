// The settings panel with system prompt and sampling, the key dialog, and the theme switch.

import { $, el } from "./dom.js";
import { apiKey, setApiKey } from "./api.js";
import { samplingFields } from "./store.js";

/**
 * Builds the settings panel, which changes the settings of the current chat. `look` looks for new adapters of the model, `modelChanged` is called after another
 * one was chosen.
 */
export function setUpSettings(chats, look, modelChanged) {
  const dialog = $("settings");
  const inputs = samplingFields.map(field => {
    const input = el("input", {
      id: `set-${field.name}`, type: "number", inputmode: field.step < 1 ? "decimal" : "numeric", min: field.min, max: field.max,
      step: field.step < 1 ? "any" : 1, placeholder: "model’s own", "aria-describedby": `hint-${field.name}`,
    });
    $("sampling").append(el("div", { class: "field" },
      el("label", { for: input.id, text: field.label }), input, el("p", { class: "hint", id: `hint-${field.name}`, text: field.hint })));
    input.addEventListener("input", () => {
      const value = input.value === "" ? undefined : input.valueAsNumber;
      const wrong = !input.checkValidity() || Number.isNaN(value);
      const hint = $(`hint-${field.name}`);
      hint.textContent = wrong ? `allowed: ${field.min} to ${field.max}` : field.hint;
      hint.classList.toggle("wrong", wrong);
      input.setAttribute("aria-invalid", String(wrong));
      if (!wrong) {
        chats.current.settings[field.name] = value;
        chats.settingsChanged();
      }
    });
    return { field, input };
  });
  const showModels = () => {
    const { id, adapters } = chats.model;
    $("model-field").hidden = adapters.length === 0;
    $("model").replaceChildren(...[id, ...adapters].map(name => el("option", { value: name, text: name })));
    $("model").value = chats.modelOf(chats.current).id;
  };
  $("model").addEventListener("change", () => {
    chats.current.settings.model = $("model").value;
    chats.settingsChanged();
    modelChanged();
  });
  const show = () => {
    showModels();
    $("system").value = chats.current.settings.system;
    $("stop-texts").value = chats.current.settings.stop ?? "";
    for (const { field, input } of inputs) {
      input.value = chats.current.settings[field.name] ?? "";
      input.dispatchEvent(new Event("input"));
    }
  };
  for (const [id, name] of [["system", "system"], ["stop-texts", "stop"]]) {
    $(id).addEventListener("input", () => {
      chats.current.settings[name] = $(id).value;
      chats.settingsChanged();
    });
  }
  $("reset-sampling").addEventListener("click", () => {
    samplingFields.forEach(({ name }) => delete chats.current.settings[name]);
    delete chats.current.settings.stop;
    chats.settingsChanged();
    show();
  });
  $("open-settings").addEventListener("click", () => {
    show();
    dialog.showModal();
    look().then(showModels);
  });
  closeByItself(dialog);
}

/** Builds the key dialog and returns a function that opens it. `changed` is called after a new key was set. */
export function setUpKey(changed) {
  const dialog = $("key-dialog"), input = $("key");
  const open = reason => {
    $("key-reason").textContent = reason ?? "This server needs an API key.";
    input.value = apiKey();
    if (!dialog.open) {
      dialog.showModal();
    }
    input.select();
  };
  $("key-form").addEventListener("submit", event => {
    event.preventDefault();
    setApiKey(input.value.trim());
    dialog.close();
    changed();
  });
  $("open-key").addEventListener("click", () => open());
  closeByItself(dialog);
  return open;
}

/** Builds the switch between the light and the dark theme. */
export function setUpTheme() {
  const button = $("theme"), system = matchMedia("(prefers-color-scheme: dark)"), root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    button.title = button.getAttribute("aria-label");
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("hunyuan.theme", root.dataset.theme);
    } catch {
      // Without storage the theme applies to this visit only.
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}

/** Lets a dialog close by its button and by a click beside it. */
export function closeByItself(dialog) {
  dialog.querySelectorAll("[data-close]").forEach(button => button.addEventListener("click", () => dialog.close()));
  // A click on the backdrop has the dialog itself as its target.
  dialog.addEventListener("pointerdown", event => event.target === dialog && dialog.close());
}
