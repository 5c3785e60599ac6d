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
  slider.setAttribute("aria-label", "Left of this place is main's picture, right of it the one of here");
  const move = () => laid.style.setProperty("--at", `${slider.value}%`);
  slider.addEventListener("input", move);
  move();
  const stack = document.createElement("div");
  stack.className = "stack";
  stack.append(under, over);
  laid.append(stack, slider);
  pair.append(laid);
  return laid;
}

document.querySelectorAll(".pair").forEach(offerSlider);
