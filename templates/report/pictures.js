// Pictures of both sides laid over each other, with a slider between them.
"use strict";

function offerSlider(pair) {
  const [base, head] = ["base", "head"].map((side) => pair.querySelector(`.${side} > img`));
  if (!base || !head) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "controls";
  button.textContent = "Lay over each other";
  button.setAttribute("aria-pressed", "false");
  let laid = null;
  button.addEventListener("click", () => {
    laid = laid ?? layOver(pair, base, head);
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    laid.hidden = !isOn;
    pair.querySelector(".sides").hidden = isOn;
  });
  pair.querySelector("h3").after(button);
}

/** Main's picture under the one of here, which begins where the slider is. */
function layOver(pair, base, head) {
  const laid = document.createElement("div");
  laid.className = "laid";
  const under = base.cloneNode();
  const over = head.cloneNode();
  over.className = "over";
  const slider = document.createElement("input");
  slider.type = "range";
  slider.value = "50";
  const label = document.createElement("label");
  label.append("Move the line between them", slider);
  const move = () => laid.style.setProperty("--at", `${slider.value}%`);
  slider.addEventListener("input", move);
  move();
  const stack = document.createElement("div");
  stack.className = "stack";
  stack.append(under, over);
  laid.append(nameSides(pair), stack, label);
  pair.append(laid);
  return laid;
}

/** Say what lies left of the line, and what right of it. */
function nameSides(pair) {
  const names = document.createElement("div");
  names.className = "laid-sides";
  for (const [side, where] of [["base", "← "], ["head", " →"]]) {
    const name = document.createElement("span");
    const text = pair.querySelector(`.${side} > figcaption`).textContent;
    name.className = side;
    name.textContent = side === "base" ? where + text : text + where;
    names.append(name);
  }
  return names;
}

document.querySelectorAll(".pair").forEach(offerSlider);
