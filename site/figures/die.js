// The weighted die: a stick of length one, cut into words; u points at one of them. Trigrams of narwhals.
(() => {
  "use strict";
  const STEP = 0.01, NARROWEST = 0.045; // of a key press; of a piece that has room for its word

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  class Die extends HTMLElement {
    connectedCallback() {
      if (this.stick) return;
      this.data = JSON.parse(this.querySelector("script.data").textContent);
      this.u = 0.5;
      this.ids = [];
      this.replaceChildren(...this.parts());
      this.classList.add("nextword-figure");
      this.show();
    }

    parts() {
      this.sentence = make("p", { class: "sentence" });
      this.stick = make("div", {
        class: "stick", role: "slider", tabindex: "0", "aria-label": "u, where the die falls",
        "aria-valuemin": "0", "aria-valuemax": "1",
      });
      this.stick.addEventListener("pointerdown", (event) => this.drag(event));
      this.stick.addEventListener("keydown", (event) => this.key(event));
      this.says = make("p", { class: "says", "aria-live": "polite" });
      const button = (label, action) => {
        const made = make("button", { type: "button" }, label);
        made.addEventListener("click", action);
        return made;
      };
      this.takeButton = button("Take this word", () => this.take());
      this.rollButton = button("Roll and take", () => { this.u = Math.random(); this.take(); });
      this.againButton = button("Start again", () => { this.ids = []; this.u = 0.5; this.show(); });
      return [this.sentence, this.stick, this.says,
        make("div", { class: "controls" }, this.takeButton, this.rollButton, this.againButton)];
    }

    // The words that followed the last two, with where their pieces of the stick begin and end.
    faces() {
      const [first, second] = [...this.data.start.split(" ").map(Number), ...this.ids].slice(-2);
      const counted = this.data.after[`${first} ${second}`];
      const total = counted.reduce((sum, [, count]) => sum + count, 0);
      let before = 0;
      return counted.map(([id, count]) => {
        const low = before / total;
        before += count;
        return { id, count, total, low, high: before / total };
      });
    }

    word(id) { return id === this.data.end ? "</s>" : this.data.words[id]; }

    where() {
      const [first, second] = this.ids.slice(-2).map((id) => this.word(id));
      if (first === undefined) return "at the beginning of a sentence";
      return second === undefined ? `after “${first}” at the beginning` : `after “${first} ${second}”`;
    }

    get ended() { return this.ids.at(-1) === this.data.end; }

    get face() {
      const faces = this.faces();
      return faces.find((face) => this.u < face.high) || faces.at(-1);
    }

    take() {
      if (this.ended) return;
      this.ids.push(this.face.id);
      this.show();
      if (this.ended) this.againButton.focus(); // what had the focus is gone
    }

    drag(event) {
      this.stick.setPointerCapture(event.pointerId);
      const move = (at) => {
        const { left, width } = this.stick.getBoundingClientRect();
        this.turn((at.clientX - left) / width);
      };
      move(event);
      this.stick.addEventListener("pointermove", move);
      const stop = () => this.stick.removeEventListener("pointermove", move);
      this.stick.addEventListener("pointerup", stop, { once: true });
      this.stick.addEventListener("pointercancel", stop, { once: true });
    }

    key(event) {
      const by = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -10 * STEP,
        PageUp: 10 * STEP, Home: -1, End: 1 }[event.key];
      if (by !== undefined) this.turn(this.u + by);
      else if (event.key === "Enter" || event.key === " ") this.take();
      else return;
      event.preventDefault();
      event.stopPropagation(); // beyond this figure the arrows turn the pages of the book
    }

    turn(u) {
      this.u = Math.min(Math.max(Math.round(u * 1000) / 1000, 0), 0.999); // u is in [0, 1)
      this.show();
    }

    show() {
      this.sentence.replaceChildren(make("span", { class: "soft" }, "Sentence: "),
        make("span", { class: "written" }, this.ids.map((id) => this.word(id)).join(" ") || "…"));
      this.takeButton.disabled = this.rollButton.disabled = this.ended;
      this.stick.hidden = this.ended;
      if (this.ended) {
        this.says.textContent = "The die fell on </s>: the sentence is over.";
        return;
      }
      const chosen = this.face;
      this.stick.replaceChildren(...this.faces().map((face) => this.piece(face, face.id === chosen.id)), this.needle());
      const p = chosen.high - chosen.low;
      const text = `u = ${this.u.toFixed(3)} falls on “${this.word(chosen.id)}”, the piece from ` +
        `${chosen.low.toFixed(3)} to ${chosen.high.toFixed(3)}. It came ${chosen.count} times in ${chosen.total} ` +
        `${this.where()}: a probability of ${p.toFixed(3)}.`;
      this.says.textContent = text;
      this.stick.setAttribute("aria-valuenow", this.u.toFixed(3));
      this.stick.setAttribute("aria-valuetext", `${this.u.toFixed(3)}, ${this.word(chosen.id)}`);
    }

    piece(face, chosen) {
      const width = face.high - face.low;
      const made = make("span", { class: chosen ? "piece chosen" : "piece", style: `width: ${100 * width}%` });
      if (width > NARROWEST) made.append(make("span", {}, this.word(face.id)));
      return made;
    }

    needle() { return make("span", { class: "needle", style: `left: ${100 * this.u}%` }); }
  }

  customElements.define("nextword-die", Die);
})();
