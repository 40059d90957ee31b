// A head's attention over a sentence: point at a word, and see where it looks. Weights are per thousand.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const PARTS = { mask: "Causal mask", scale: "Scale 1/√d_k", positions: "Positions" }; // in the order of the data's keys
  const DRAWN = 10, NUMBERED = 50, TOLD = 100; // from how many per thousand there is a line, a number, a place in the sentence
  const MOST = 3; // words in the sentence

  const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const percent = (weight) => `${Math.round(weight / 10)} %`;
  const lowered = (index) => [...String(index)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("");
  const set = (label) => label.split(/_(.)/).map((part, i) => (i % 2 ? make("sub", {}, part) : part));

  class Heads extends HTMLElement {
    connectedCallback() {
      if (this.looks) return;
      const { sentences } = JSON.parse(this.querySelector("script.data").textContent);
      Object.assign(this, { sentences, sentence: 0 }, farthest(sentences[0]));
      this.parts = { mask: true, scale: true, positions: true };
      this.classList.add("nextword-figure");
      this.looks = make("div", { class: "looks" });
      this.says = make("p", { class: "says", "aria-live": "polite" });
      this.replaceChildren(this.choices(), this.says, this.looks);
      this.lay();
    }

    choices() {
      const select = make("select", {}, ...this.sentences.map(({ words }, i) =>
        make("option", { value: i }, words.slice(1).join(" "))));
      select.addEventListener("change", () => {
        this.sentence = Number(select.value);
        this.word = Math.min(this.word, this.words.length - 1);
        this.lay();
      });
      const layers = this.sentences[0].weights["111"];
      return make("div", { class: "controls" }, make("label", { class: "group" }, "Sentence ", select),
        this.numbered("layer", layers.length), this.numbered("head", layers[0].length), this.switches());
    }

    // Buttons of which one is pressed: the layer, or the head.
    numbered(name, count) {
      const title = name[0].toUpperCase() + name.slice(1);
      const buttons = Array.from({ length: count }, (_, i) =>
        this.button(`${i + 1}`, () => { this[name] = i; }, () => this[name] === i));
      return make("div", { class: "group", role: "group", "aria-label": title }, `${title} `, ...buttons);
    }

    switches() {
      return make("div", { class: "group", role: "group", "aria-label": "Parts of the model" },
        ...Object.entries(PARTS).map(([part, label]) =>
          this.button(label, () => { this.parts[part] = !this.parts[part]; }, () => this.parts[part])));
    }

    button(label, action, pressed) {
      const made = make("button", { type: "button" }, ...set(label));
      made.addEventListener("click", () => { action(); this.show(); });
      made.pressed = pressed;
      return made;
    }

    get words() { return this.sentences[this.sentence].words; }

    get rows() {
      const key = Object.keys(PARTS).map((part) => Number(this.parts[part])).join("");
      return this.sentences[this.sentence].weights[key][this.layer][this.head];
    }

    // What depends on the sentence alone.
    lay() {
      const T = this.words.length;
      this.list = make("div", { class: "words", role: "listbox", "aria-label": "The word that looks" },
        ...this.words.map((word, i) => this.option(word, i)));
      this.list.addEventListener("keydown", (event) => this.key(event));
      this.lines = draw("svg", { class: "lines", viewBox: `0 0 100 ${T}`, preserveAspectRatio: "none", "aria-hidden": true });
      this.keys = make("ol", { class: "keys", "aria-label": "Where it looks" });
      this.map = draw("svg", { viewBox: `0 0 ${T} ${T}`, preserveAspectRatio: "none", role: "img",
        "aria-label": "All weights of this head: a row for each word that looks, a column for each that is looked at" });
      for (const name of ["pointermove", "click"])
        this.map.addEventListener(name, ({ target }) => { if (target.dataset.row) this.look(Number(target.dataset.row)); });
      this.looks.style.setProperty("--words", T);
      this.looks.replaceChildren(
        make("div", { class: "look" }, make("span", { class: "title" }, "This word"),
          make("span", { class: "title key" }, "looks at"), this.list, this.lines, this.keys),
        make("div", { class: "map" }, this.labels("columns"), this.labels("rows"), this.map));
      this.show();
    }

    option(word, i) {
      const option = make("div", { class: "word", role: "option" }, make("span", { class: "place" }, i), word);
      option.addEventListener("pointermove", () => this.look(i)); // not "enter": words also scroll under a pointer at rest
      option.addEventListener("click", () => this.look(i, true));
      option.addEventListener("focus", () => this.look(i));
      return option;
    }

    labels(name) {
      return make("div", { class: name, "aria-hidden": "true" }, ...this.words.map((word) => make("span", {}, word)));
    }

    key(event) {
      const to = { ArrowUp: this.word - 1, ArrowLeft: this.word - 1, ArrowDown: this.word + 1, ArrowRight: this.word + 1,
        Home: 0, End: this.words.length - 1 }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      this.look(Math.min(Math.max(to, 0), this.words.length - 1), true);
      event.preventDefault();
      event.stopPropagation(); // beyond this figure the arrows turn the pages of the book
    }

    look(word, focus = false) {
      if (word !== this.word) {
        this.word = word;
        this.show();
      }
      if (focus) this.list.children[word].focus();
    }

    show() {
      for (const button of this.querySelectorAll("button")) button.setAttribute("aria-pressed", button.pressed());
      [...this.list.children].forEach((option, i) => {
        option.setAttribute("aria-selected", i === this.word);
        option.setAttribute("tabindex", i === this.word ? 0 : -1);
      });
      const weights = this.rows[this.word];
      this.lines.replaceChildren(...weights.flatMap((weight, j) => (weight < DRAWN ? [] : [this.line(j, weight)])));
      this.keys.replaceChildren(...this.words.map((word, j) => this.looked(word, j, weights[j])));
      this.map.replaceChildren(...this.cells());
      this.says.textContent = this.told(weights);
    }

    line(j, weight) {
      const from = this.word + 0.5, to = j + 0.5;
      const width = (0.5 + weight / 125).toFixed(1);
      return draw("path", { d: `M 0 ${from} C 45 ${from} 55 ${to} 100 ${to}`, "stroke-width": width });
    }

    looked(word, j, weight) {
      const look = this.parts.mask && j > this.word ? "unseen" : weight >= TOLD ? "much" : "little";
      return make("li", { class: look }, make("span", { class: "place" }, j), word,
        make("span", { class: "percent" }, weight >= NUMBERED ? percent(weight) : ""));
    }

    cells() {
      const T = this.words.length;
      const cells = this.rows.flatMap((row, i) => row.map((weight, j) =>
        draw("rect", { x: j, y: i, width: 1, height: 1, "fill-opacity": weight / 1000, "data-row": i })));
      return [...cells, draw("rect", { class: "row", x: 0, y: this.word, width: T, height: 1, "pointer-events": "none" })];
    }

    name(i) {
      const twice = this.words.filter((word) => word === this.words[i]).length > 1;
      return `“${this.words[i]}${twice ? lowered(i) : ""}”`;
    }

    told(weights) {
      const order = weights.map((weight, j) => [weight, j]).sort(([one], [two]) => two - one);
      const much = order.filter(([weight], rank) => rank === 0 || (weight >= TOLD && rank < MOST));
      const later = weights.slice(this.word + 1).reduce((sum, weight) => sum + weight, 0);
      const off = Object.keys(PARTS).filter((part) => !this.parts[part]).join(" and ");
      return `Layer ${this.layer + 1}, head ${this.head + 1}${off && `, without ${off}`}: ${this.name(this.word)} looks at ` +
        `${much.map(([weight, j]) => `${this.name(j)} (${percent(weight)})`).join(", ")}.` +
        (this.parts.mask ? "" : ` ${percent(later)} of its attention goes to words that are still to come.`);
    }
  }

  // The layer, head and word that look most decidedly at a word before, and not at <s>: where the figure begins.
  function farthest({ weights }) {
    let best = { weight: -1 };
    weights["111"].forEach((heads, layer) => heads.forEach((rows, head) => rows.forEach((row, word) =>
      row.slice(1, Math.max(word, 1)).forEach((weight) => {
        if (weight > best.weight) best = { weight, layer, head, word };
      }))));
    const { layer, head, word } = best;
    return { layer, head, word };
  }

  customElements.define("nextword-heads", Heads);
})();
