/** The search: one field with its small language, and what it could go on with. */
import { Icon } from "../components/icon.js";
import { useKeys } from "../shell/keys.js";
import { html, useEffect, useId, useRef, useState } from "../ui.js";
import { completed, suggestions } from "./suggestions.js";

const PAUSE_MS = 150;

/**
 * @param {object} props
 * @param {string} props.value
 * @param {(text: string) => void} props.onSearch told when the person pauses
 * @param {string[]} props.mistakes
 */
export function SearchField({ value, onSearch, mistakes }) {
  const [text, setText] = useState(value);
  const [isOpen, setOpen] = useState(false);
  const [chosen, choose] = useState(-1);
  const input = useRef(null);
  const timer = useRef(0);
  const id = useId();
  const offered = isOpen ? suggestions(text) : [];

  useEffect(() => {
    if (document.activeElement !== input.current) setText(value); // somebody followed a link
  }, [value]);

  useKeys((event) => {
    if (event.key !== "/") return;
    event.preventDefault();
    input.current.focus();
    input.current.select();
  });

  function say(next, { atOnce = false } = {}) {
    setText(next);
    choose(-1);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(next), atOnce ? 0 : PAUSE_MS);
  }

  function take(suggestion) {
    const next = completed(text, suggestion.text);
    say(next, { atOnce: true });
    setOpen(next.endsWith(":"));
    input.current.focus();
  }

  const keys = {
    ArrowDown() {
      setOpen(true);
      choose(Math.min(chosen + 1, offered.length - 1));
    },
    ArrowUp: () => choose(Math.max(chosen - 1, -1)),
    Enter() {
      if (offered[chosen]) {
        take(offered[chosen]);
        return;
      }
      setOpen(false);
      say(text, { atOnce: true });
    },
    Escape() {
      if (offered.length) setOpen(false);
      else if (text) say("", { atOnce: true });
      else input.current.blur();
    },
  };

  function onInput(event) {
    setOpen(true);
    say(event.target.value);
  }

  /** Before the field loses the focus, which would close what is offered. */
  function onPress(event, offer) {
    event.preventDefault();
    take(offer);
  }

  function onKeyDown(event) {
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }

  return html`<div class="search" role="search">
    <${Icon} name="search" />
    <input
      ref=${input}
      class="input"
      type="text"
      role="combobox"
      aria-label="Search"
      aria-expanded=${offered.length > 0}
      aria-controls=${`${id}-offers`}
      aria-autocomplete="list"
      aria-activedescendant=${chosen >= 0 && offered[chosen] ? `${id}-${chosen}` : undefined}
      aria-invalid=${mistakes.length > 0}
      placeholder="Search: words, state:stored"
      spellcheck=${false}
      autocomplete="off"
      value=${text}
      onInput=${onInput}
      onFocus=${() => setOpen(text === "")}
      onBlur=${() => setOpen(false)}
      onKeyDown=${onKeyDown}
    />
    ${text && html`<button class="button plain square" type="button" title="Clear the search" aria-label="Clear the search" onClick=${() => say("", { atOnce: true })}><${Icon} name="close" /></button>`}
    ${offered.length === 0 && html`<kbd aria-hidden="true">/</kbd>`}
    <ul id=${`${id}-offers`} class="offers" role="listbox" aria-label="Suggestions" hidden=${offered.length === 0}>
      ${offered.map(
        (offer, index) => html`<li
          key=${offer.text}
          id=${`${id}-${index}`}
          role="option"
          aria-selected=${index === chosen}
          onMouseDown=${(event) => onPress(event, offer)}
        >
          <code>${offer.text}</code> <span class="soft">${offer.hint}</span>
        </li>`,
      )}
    </ul>
    ${mistakes.length > 0 && html`<p class="error-text" role="alert">${mistakes.join("; ")}</p>`}
  </div>`;
}
