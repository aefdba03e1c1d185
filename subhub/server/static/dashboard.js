// Live updates of the dashboard: fetches the page every second and inserts what is new. Copies.
"use strict";

const EVERY = 1000; // milliseconds
const KEPT = 200; // rows
const SAID = 2000; // milliseconds

const title = document.title;
const rows = () => document.querySelector("#exchanges tbody");
const summary = (page) => page.querySelector("#total");
const total = (page) => Number(summary(page).dataset.total);
const number = (row) => Number(row.dataset.number);

function addSwitch() {
  const label = document.createElement("label");
  const live = document.createElement("input");
  live.type = "checkbox";
  live.checked = true;
  live.id = "live";
  label.append(live, " Live updates");
  summary(document).after(label);
  return live;
}

// the number of the request before the first one that is new or still running
function known() {
  const running = [...rows().querySelectorAll("tr[data-open]")].map(number);
  const newest = rows().firstElementChild;
  return Math.min(newest ? number(newest) : 0, ...running.map((one) => one - 1));
}

function update(page) {
  if (total(page) < total(document)) return location.reload(); // reset, or another server
  replace("#now", page);
  replace("#charges", page);
  replace("#webhooks", page);
  if (total(page) !== total(document)) {
    summary(document).replaceWith(summary(page));
    replace("#state", page);
  }
  [...page.querySelectorAll("#exchanges tbody tr")].reverse().forEach(insert);
  while (rows().children.length > KEPT) rows().lastElementChild.remove();
}

function insert(fresh) {
  const old = rows().querySelector(`tr[data-number="${fresh.dataset.number}"]`);
  if (!old) return rows().prepend(fresh);
  if ("open" in fresh.dataset) return;
  delete old.dataset.open;
  const cells = [...fresh.cells]; // but for the bodies, which the reader may have open
  [...old.cells].forEach((cell, at) => cell.querySelector("details") ?? cell.replaceWith(cells[at]));
}

function replace(id, page) {
  const part = document.querySelector(id);
  const fresh = page.querySelector(id);
  // the reader may be using it
  if (part.textContent === fresh.textContent || part.contains(document.activeElement)) return;
  const open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
  part.replaceChildren(...fresh.childNodes);
  open.forEach((id) => { const details = document.getElementById(id); if (details) details.open = true; });
}

async function refresh(live) {
  if (!live.checked || document.hidden) return;
  try {
    const query = new URLSearchParams(location.search);
    query.set("after", known());
    const response = await fetch(`${location.pathname}?${query}`);
    document.title = title;
    update(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch (error) {
    document.title = `stopped: ${title}`; // the server is gone; the next round tries again
  }
}

async function copy(button) {
  const command = button.closest("details").querySelector(".curl");
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "Copied";
  } catch (error) { // no clipboard without https://, except on this machine
    getSelection().selectAllChildren(command);
    button.textContent = "Selected: copy it";
  }
  setTimeout(() => { button.textContent = said; }, SAID);
}

document.documentElement.classList.add("scripted");
document.addEventListener("click", (event) => {
  if (event.target.matches("button.copy")) copy(event.target);
});
const live = addSwitch();
setInterval(() => refresh(live), EVERY);
