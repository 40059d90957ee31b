// What is wider than the page can be scrolled with the keyboard, too; what is not is no stop of the Tab key.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const block of document.querySelectorAll("pre, div.math, .table-wrapper")) sizes.observe(block);
});
