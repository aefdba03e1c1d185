// Live updates of the dashboard: fetches the page every second and inserts what is new.
"use strict";

const EVERY = 1000; // milliseconds
const KEPT = 200; // rows

const rows = () => document.querySelector("#exchanges tbody");
const newest = () => rows().firstElementChild?.dataset.number ?? "0";
const title = document.title;
const total = (page) => page.querySelector("#total").textContent;

function addSwitch() {
  const label = document.createElement("label");
  const live = document.createElement("input");
  live.type = "checkbox";
  live.checked = true;
  live.id = "live";
  label.append(live, " Live updates");
  document.querySelector("#total").after(label);
  return live;
}

function update(page) {
  document.querySelector("#now").textContent = page.querySelector("#now").textContent;
  replace("#charges", page);
  replace("#webhooks", page);
  if (total(page) === total(document)) return;
  const restarted = parseInt(total(page), 10) < parseInt(total(document), 10);
  if (restarted) return location.reload();
  document.querySelector("#total").textContent = total(page);
  rows().prepend(...page.querySelectorAll("#exchanges tbody tr"));
  while (rows().children.length > KEPT) rows().lastElementChild.remove();
  replace("#state", page);
}

function replace(id, page) {
  const part = document.querySelector(id);
  const fresh = page.querySelector(id);
  // the reader may be using it
  if (part.textContent === fresh.textContent || part.contains(document.activeElement)) return;
  const open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
  part.replaceChildren(...fresh.children);
  open.forEach((id) => { const details = document.getElementById(id); if (details) details.open = true; });
}

async function refresh(live) {
  if (!live.checked || document.hidden) return;
  try {
    const response = await fetch(`${location.pathname}?after=${newest()}`);
    document.title = title;
    update(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch (error) {
    document.title = `stopped: ${title}`; // the server is gone; the next round tries again
  }
}

const live = addSwitch();
setInterval(() => refresh(live), EVERY);
