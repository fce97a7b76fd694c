// A field that names a person becomes a combobox: what is typed is looked up on the server. Without this script one
// types the whole number or name.

const PAUSE = 200; // milliseconds without a key before asking

class PersonBox {
  constructor(input) {
    this.input = input;
    this.box = input.closest(".person");
    this.list = this.box.querySelector("[role=listbox]");
    this.status = this.box.querySelector("[data-status]");
    this.active = -1;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.addEventListener("input", () => this.later());
    input.addEventListener("keydown", (event) => this.onKey(event));
    input.addEventListener("blur", () => this.close());
    // The list must not take the focus from the field before a click on it is done.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  later() {
    clearTimeout(this.timer);
    // Whoever was chosen beside the field is not meant any more.
    const choices = this.input.form?.querySelectorAll(`input[type=radio][name="${this.input.name}"]`) ?? [];
    for (const radio of choices) radio.checked = false;
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    this.asked?.abort();
    const text = this.input.value.trim();
    if (!text) return this.close();
    this.asked = new AbortController();
    try {
      const answer = await fetch(`${this.input.dataset.people}?${new URLSearchParams({ q: text })}`, {
        signal: this.asked.signal,
        headers: { accept: "application/json" },
      });
      if (answer.ok && answer.headers.get("content-type")?.includes("json")) this.show(await answer.json());
    } catch (error) {
      // A newer question took its place, or there is no network: the number can still be typed.
      if (error.name !== "AbortError") this.close();
    }
  }

  show({ people, more }) {
    if (document.activeElement !== this.input) return;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...people.map((person, number) => this.option(person, number)));
    const words = [people.length ? this.box.dataset.found : this.box.dataset.none];
    if (more) words.push(this.box.dataset.more);
    this.status.textContent = `${people.length || ""} ${words.join(" ")}`.trim();
    if (!people.length || more) {
      const note = document.createElement("li");
      note.className = "person-note";
      note.setAttribute("role", "presentation");
      note.textContent = people.length ? this.box.dataset.more : this.box.dataset.none;
      this.list.append(note);
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  option(person, number) {
    const item = document.createElement("li");
    item.id = `${this.list.id}_${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.value = person.value;
    const name = document.createElement("span");
    name.textContent = `${person.name} (${person.value})`;
    const team = document.createElement("span");
    team.className = "hint";
    team.textContent = person.team;
    item.append(name, " ", team);
    return item;
  }

  onKey(event) {
    if (event.isComposing) return; // Chinese is being typed: these keys are for the input method
    const options = this.options;
    if (event.key === "ArrowDown" && this.list.hidden) {
      event.preventDefault();
      this.ask();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.mark((this.active + step + options.length + (this.active < 0 && step < 0 ? 1 : 0)) % options.length);
    } else if (event.key === "Enter" && !this.list.hidden && this.active >= 0) {
      event.preventDefault();
      this.choose(options[this.active]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  mark(number) {
    this.active = number;
    this.options.forEach((option, place) => option.setAttribute("aria-selected", String(place === number)));
    const option = this.options[number];
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  choose(option) {
    if (!option) return;
    this.input.value = option.dataset.value;
    this.status.textContent = option.textContent;
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

function prepare(root) {
  for (const input of root.querySelectorAll("input[data-people]:not([role=combobox])")) new PersonBox(input);
}

prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.target));
