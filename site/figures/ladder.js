// The loss ladder: pick models, compare their losses with the floor, and read what they write.
(() => {
  "use strict";
  const AT_FIRST = ["2-gram", "transformer"];

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  class Ladder extends HTMLElement {
    connectedCallback() {
      if (this.bars) return;
      const { floor, rungs } = JSON.parse(this.querySelector("script.data").textContent);
      Object.assign(this, { floor, rungs, turn: 0, picked: new Set(AT_FIRST) });
      this.widest = Math.max(...rungs.map((rung) => rung.loss));
      this.classList.add("nextword-figure");
      this.bars = make("div", { class: "bars", role: "group", "aria-label": "Models, from the first rung to the last" });
      this.bars.append(...rungs.map((rung) => this.bar(rung)));
      this.bars.addEventListener("keydown", (event) => this.key(event));
      this.samples = make("dl", { class: "samples", "aria-live": "polite" });
      const more = make("button", { type: "button" }, "Other sentences");
      more.addEventListener("click", () => { this.turn += 1; this.show(); });
      const head = make("p", { class: "soft" }, "Loss on new sentences, in nats per token. The upright line is the entropy " +
        `of the language, ${floor.toFixed(3)}: no model gets below it.`);
      this.replaceChildren(head, this.bars, make("div", { class: "controls" }, more), this.samples);
      this.show();
    }

    bar({ name, loss }) {
      const percent = (nats) => `${(100 * nats) / this.widest}%`;
      const track = make("span", { class: "track" },
        make("span", { class: "known", style: `width: ${percent(this.floor)}` }),
        make("span", { class: "unknown", style: `width: ${percent(loss - this.floor)}` }),
        make("span", { class: "floor", style: `left: ${percent(this.floor)}` }));
      const button = make("button", { type: "button", "data-name": name },
        make("span", { class: "name" }, name), track, make("span", { class: "loss" }, loss.toFixed(3)));
      button.addEventListener("click", () => this.pick(name));
      return button;
    }

    pick(name) {
      if (!this.picked.delete(name)) this.picked.add(name);
      this.show();
    }

    key(event) {
      const buttons = [...this.bars.children], here = buttons.indexOf(document.activeElement);
      const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined) return;
      buttons[Math.min(Math.max(to, 0), buttons.length - 1)].focus();
      event.preventDefault();
    }

    show() {
      for (const button of this.bars.children)
        button.setAttribute("aria-pressed", String(this.picked.has(button.dataset.name)));
      const shown = this.rungs.filter(({ name }) => this.picked.has(name));
      this.samples.replaceChildren(...shown.flatMap(({ name, loss, samples }) => [
        make("dt", {}, name, make("span", { class: "soft" },
          ` ${loss.toFixed(3)} nats, ${(loss - this.floor).toFixed(3)} above the floor; as unsure as among ` +
          `${Math.exp(loss).toFixed(1)} equally likely words`)),
        make("dd", {}, samples[this.turn % samples.length] || "(an empty sentence)"),
      ]));
      if (!shown.length) this.samples.append(make("dd", { class: "soft" }, "Pick a model to read what it writes."));
    }
  }

  customElements.define("nextword-ladder", Ladder);
})();
