// A network's computation graph, one step at a time: forwards to the loss J, backwards to the gradients, one step down.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const LETTER = 6, BETWEEN = 9, PAD = 5, LINE = 16, TITLE = 21, NARROWEST = 62, GAP = 24, INSET = 16; // SVG's units
  const SHOWN = { alpha: "α", beta: "β", y_hat: "ŷ" };

  // Arrows, from and to; "past": on a phone it leads past the box between them. Gradients flow against them.
  const ARROWS = [
    ["x", "a", "past"], ["alpha", "a"], ["a", "z"], ["z", "b", "past"], ["beta", "b"], ["b", "y_hat"],
    ["y_hat", "J", "past"], ["y", "J"], ["J", "g_J"], ["g_J", "g_y_hat"], ["g_y_hat", "g_b"], ["g_b", "g_beta"],
    ["g_b", "g_z", "past"], ["g_z", "g_a"], ["g_a", "g_alpha"],
  ];
  // Where there is room, boxes by their middle: what is given, values, gradients, gradients of parameters.
  const COLUMNS = { x: 38, a: 170, z: 327, b: 464, y_hat: 582, J: 688, alpha: 170, beta: 464, y: 688, after: 640 };
  const WIDE = { width: 720, rows: [["alpha", "beta", "y"], ["x", "a", "z", "b", "y_hat", "J"],
    ["g_a", "g_z", "g_b", "g_y_hat", "g_J"], ["g_alpha", "g_beta", "after"]] };
  // On a phone: values downwards on the left, gradients upwards on the right.
  const NARROW = { width: 360, rows: [["x", "after"], ["alpha", "g_alpha"], ["a", "g_a"], ["z", "g_z"],
    ["beta", "g_beta"], ["b", "g_b"], ["y_hat", "g_y_hat"], ["y"], ["J", "g_J"]] };
  const BESIDE = ["alpha", "beta", "y", "g_alpha", "g_beta", "after"]; // leaves room for the arrow that goes past

  const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const number = (value, places = 4) => String(Number(value.toFixed(places))).replace("-", "−");
  const factor = (value) => (value < 0 ? `(${number(value)})` : number(value));
  const products = (some, others) => some.map((value, i) => `${factor(value)} · ${factor(others[i])}`).join(" + ");
  const column = (rows, j) => rows.map((row) => row[j]);
  const symbol = (name) => (name.startsWith("g_") ? `g_${symbol(name.slice(2))}` : SHOWN[name] || name);
  const alone = (rows) => rows.flat().length === 1; // J, a number without a shape
  const shape = (rows) => (alone(rows) ? "" : ` (${rows.length}, ${rows[0].length})`);
  const row = (values) => `[${values.map((value) => number(value)).join(", ")}]`;
  const matrix = (rows) => (alone(rows) ? number(rows[0][0]) : `[${rows.map(row).join(", ")}]`);
  // A text as nodes, in which g_a has its index below the line.
  const set = (text) => text.split(/(g_.)/).map((part) =>
    part.startsWith("g_") ? make("span", {}, "g", make("sub", {}, part.slice(2))) : part);

  // Steps: what is computed, from what, by which formula, and how its first numbers come about.
  const forwards = ({ x: [x], y: [y], alpha, beta, a: [a], z: [z], b: [b], y_hat: [p], J }) => [
    { name: "x", also: ["y", "alpha", "beta"], from: [], formula: "Given: x, y, α, β",
      says: `One example x with its label y, whose 1 marks the right class, and the parameters. Column 0 of α and of β ` +
        "holds the biases." },
    { name: "a", from: ["x", "alpha"], formula: "a = linear(x, α)",
      says: "Each a is a bias plus a weighted sum of x. The first: " +
        `${number(alpha[0][0])} + ${products(alpha[0].slice(1), x)} = ${number(a[0])}.` },
    { name: "z", from: ["a"], formula: "z = σ(a)",
      says: "The sigmoid 1 / (1 + exp(−a)) squeezes each a between 0 and 1. " +
        `The first: ${number(a[0])} becomes ${number(z[0])}.` },
    { name: "b", from: ["z", "beta"], formula: "b = linear(z, β)",
      says: "Again a bias plus a weighted sum, now of z. The first: " +
        `${number(beta[0][0])} + ${products(beta[0].slice(1), z)} = ${number(b[0])}.` },
    { name: "y_hat", from: ["b"], formula: "ŷ = softmax(b)",
      says: "exp(b), divided by its sum, makes probabilities of the classes: " +
        `${p.map((each) => number(each)).join(" and ")}.` },
    { name: "J", from: ["y_hat", "y"], formula: "J = −Σ y log ŷ",
      says: `The cross-entropy, in nats. The right class got ${number(p[y.indexOf(1)])}: ` +
        `J = −log ${number(p[y.indexOf(1)])} = ${number(J[0][0])}.` },
  ];

  const backwards = ({ x: [x], y: [y], beta, z: [z], y_hat: [p], ...g }, right) => [
    { name: "g_J", from: ["J"], formula: "g_J = 1",
      says: "Now back. g_J says how much J changes when J changes: just as much. Every other gradient comes from the " +
        "one before it." },
    { name: "g_y_hat", from: ["g_J", "y", "y_hat"], formula: "g_ŷ = −y / ŷ",
      says: `Only the probability of the right class counts: −1 / ${number(p[right])} = ${number(g.g_y_hat[0][right])}. ` +
        "More of it makes J smaller. (J of B examples is a mean: then all this is divided by B.)" },
    { name: "g_b", from: ["g_y_hat", "y_hat"], formula: "g_b = ŷ ⊙ (g_ŷ − Σ g_ŷ ŷ)",
      says: "Back through softmax. What remains is ŷ − y: " +
        `${p.map((each, k) => `${number(each)} − ${y[k]} = ${number(g.g_b[0][k])}`).join(", ")}.` },
    { name: "g_beta", from: ["g_b", "z"], formula: "g_β = g_bᵀ [1, z]",
      says: "Each parameter gets the gradient of its b times what it was multiplied with: 1 for a bias, z for a weight. " +
        `In the first row: ${factor(g.g_b[0][0])} · 1 = ${number(g.g_beta[0][0])}, then ` +
        `${factor(g.g_b[0][0])} · ${factor(z[0])} = ${number(g.g_beta[0][1])}.` },
    { name: "g_z", from: ["g_b", "beta"], formula: "g_z = g_b β, without the column of biases",
      says: "Each z went into every b, and what comes back adds up. " +
        `The first: ${products(g.g_b[0], column(beta, 1))} = ${number(g.g_z[0][0])}.` },
    { name: "g_a", from: ["g_z", "z"], formula: "g_a = g_z ⊙ z ⊙ (1 − z)",
      says: "Back through the sigmoid, whose slope is z (1 − z). The first: " +
        `${factor(g.g_z[0][0])} · ${number(z[0])} · (1 − ${number(z[0])}) = ${number(g.g_a[0][0])}.` },
    { name: "g_alpha", from: ["g_a", "x"], formula: "g_α = g_aᵀ [1, x]",
      says: "As for β, with x in the place of z. In the first row: " +
        `${[1, ...x].map((each, i) => `${factor(g.g_a[0][0])} · ${factor(each)} = ${number(g.g_alpha[0][i])}`).join(", ")}.` },
  ];

  const downhill = (values, rate, after) => ({
    name: "after", from: ["alpha", "g_alpha", "beta", "g_beta"], formula: `α − ${rate} g_α and β − ${rate} g_β`,
    says: `A step of ${rate} against the gradient: J from ${number(values.J[0][0])} to ${number(after)}.` });

  class Graph extends HTMLElement {
    connectedCallback() {
      if (this.steps) return;
      const { values, rate, after } = JSON.parse(this.querySelector("script.data").textContent);
      const v = { ...values, J: [[values.J]], g_J: [[1]], after: [[after]] };
      this.values = v;
      this.steps = [...forwards(v), ...backwards(v, v.y[0].indexOf(1)), downhill(v, rate, after)];
      this.at = 0;
      this.classList.add("nextword-figure");
      this.replaceChildren(...this.parts());
      this.addEventListener("keydown", (event) => this.key(event));
      this.show();
    }

    parts() {
      this.board = make("div", { class: "board", role: "slider", tabindex: "0", "aria-label": "Step of the computation",
        "aria-valuemin": "0", "aria-valuemax": this.steps.length - 1 });
      this.board.append(...[WIDE, NARROW].map((layout) => this.picture(layout)));
      this.board.addEventListener("click", (event) => this.point(event.target.closest(".box")));
      const button = (label, action) => {
        const made = make("button", { type: "button" }, label);
        made.addEventListener("click", action);
        return made;
      };
      this.back = button("Back", () => this.go(this.at - 1));
      this.forward = button("Forward", () => this.go(this.at + 1));
      this.says = make("p", { class: "says", "aria-live": "polite" });
      const every = make("ol", { class: "every" }, ...this.steps.map((step) => make("li", {}, ...this.told(step))));
      return [this.board, make("div", { class: "controls" }, this.back, this.forward,
        button("Restart", () => this.go(0))), this.says, every];
    }

    // One picture; which of the two is seen is a matter of style.
    picture(layout) {
      const { boxes, height } = places(layout, this.values);
      return draw("svg", { class: layout === WIDE ? "wide" : "narrow", viewBox: `0 0 ${layout.width} ${height}` },
        ...ARROWS.map(([from, to, past]) => arrow(from, to, boxes, layout === NARROW && past)),
        ...Object.entries(boxes).map(([name, place]) => box(name, place, this.values[name])));
    }

    key(event) {
      const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.steps.length - 1 }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      this.go(to);
      event.preventDefault();
      event.stopPropagation(); // beyond this figure the arrows turn the pages of the book
    }

    // A box that one points at: the step that computes it.
    point(found) {
      if (found) this.go(this.steps.findIndex(({ name, also = [] }) => [name, ...also].includes(found.dataset.name)));
    }

    go(to) {
      this.at = Math.min(Math.max(to, 0), this.steps.length - 1);
      this.show();
    }

    told({ name, also, formula, says }) {
      const numbers = also || name === "after" ? [] : [make("span", { class: "numbers" },
        ...set(symbol(name)), `${shape(this.values[name])} = ${matrix(this.values[name])}`)];
      return [make("strong", {}, ...set(formula)), ". ", ...set(says), " ", ...numbers];
    }

    show() {
      const step = this.steps[this.at], { name: now, also = [] } = step;
      const done = this.steps.slice(0, this.at + 1).flatMap((each) => [each.name, ...(each.also || [])]);
      for (const drawn of this.board.querySelectorAll("[data-name]")) {
        const { name } = drawn.dataset;
        drawn.classList.toggle("later", !done.includes(name));
        drawn.classList.toggle("now", name === now || also.includes(name));
        drawn.classList.toggle("used", step.from.includes(name));
      }
      this.says.replaceChildren(...this.told(step));
      this.board.setAttribute("aria-valuenow", this.at);
      this.board.setAttribute("aria-valuetext", `${this.at} of ${this.steps.length - 1}: ${step.formula}`);
      this.back.setAttribute("aria-disabled", this.at === 0);
      this.forward.setAttribute("aria-disabled", this.at === this.steps.length - 1);
    }
  }

  // Where the boxes stand, {name: {x, y, width, height, cell}}, and how high the picture is.
  function places({ width, rows }, values) {
    const boxes = {};
    let top = 1;
    rows.forEach((names, row) => {
      const sized = names.map((name) => [name, size(values[name])]);
      const height = Math.max(...sized.map(([, { height: each }]) => each));
      for (const [name, each] of sized) {
        const middle = COLUMNS[name] || COLUMNS[name.slice(2)];
        const beside = BESIDE.includes(name) ? INSET : 1;
        const onTheRight = name === "after" || name.startsWith("g_");
        const x = rows === WIDE.rows ? middle - each.width / 2 : onTheRight ? width - beside - each.width : beside;
        boxes[name] = { ...each, x, y: rows === WIDE.rows && row === 0 ? top + height - each.height : top };
      }
      top += height + GAP;
    });
    return { boxes, height: top - GAP + 1 };
  }

  function size(rows) {
    const cell = Math.max(...rows.flat().map((value) => number(value, 2).length)) * LETTER + BETWEEN;
    return { cell, width: Math.max(NARROWEST, cell * rows[0].length + 2 * PAD), height: TITLE + LINE * rows.length + PAD };
  }

  function box(name, { x, y, width, height, cell }, rows) {
    const label = draw("text", { class: "name", x: x + PAD + 2, y: y + 15 });
    if (name.startsWith("g_")) label.append("g", draw("tspan", { class: "index", dy: 3 }, symbol(name.slice(2))));
    else label.append(name === "after" ? "J after" : symbol(name));
    label.append(draw("tspan", { class: "shape", dx: 5, dy: name.startsWith("g_") ? -3 : 0 }, shape(rows).trim()));
    const left = x + (width + cell * rows[0].length) / 2 - cell * rows[0].length - BETWEEN / 2;
    const cells = rows.flatMap((row, i) => row.map((value, j) =>
      draw("text", { x: left + cell * (j + 1), y: y + TITLE + LINE * i + 11 }, number(value, 2))));
    return draw("g", { class: name.startsWith("g_") ? "box gradient" : "box", "data-name": name },
      draw("rect", { x, y, width, height, rx: 4 }), label, draw("g", { class: "cells" }, ...cells));
  }

  // From edge to edge: upright where one box stands above the other, otherwise level.
  function arrow(from, to, boxes, past) {
    const one = boxes[from], two = boxes[to];
    const between = (start, length) => (Math.max(one[start], two[start]) +
      Math.min(one[start] + one[length], two[start] + two[length])) / 2;
    const down = Math.sign(two.y - one.y), right = Math.sign(two.x - one.x);
    const upright = down && Math.max(one.x, two.x) < Math.min(one.x + one.width, two.x + two.width);
    const x = past ? (from.startsWith("g_") ? NARROW.width - INSET / 2 : INSET / 2) : between("x", "width");
    const y = between("y", "height");
    const [x1, y1, x2, y2] = upright ? [x, down > 0 ? one.y + one.height : one.y, x, down > 0 ? two.y : two.y + two.height]
      : [right > 0 ? one.x + one.width : one.x, y, right > 0 ? two.x : two.x + two.width, y];
    const head = upright ? `l -4 ${-7 * down} m 4 ${7 * down} l 4 ${-7 * down}`
      : `l ${-7 * right} -4 m ${7 * right} 4 l ${-7 * right} 4`;
    return draw("path", { class: to.startsWith("g_") ? "arrow gradient" : "arrow", "data-name": to,
      d: `M ${x1} ${y1} L ${x2} ${y2} ${head}` });
  }

  customElements.define("nextword-graph", Graph);
})();
