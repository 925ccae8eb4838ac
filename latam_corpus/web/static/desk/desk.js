// Renews the state of a job; the page works without it.
const renew = async () => {
  const state = document.querySelector("[data-refresh]");
  if (!state) return;
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(state.id);
    if (next && !next.dataset.refresh) return location.reload();
    if (next && next.innerHTML !== state.innerHTML && !state.contains(document.activeElement)) state.innerHTML = next.innerHTML;
  }
  setTimeout(renew, 1000 * state.dataset.refresh);
};
setTimeout(renew, 1500);
// Keeps a slider and its number alike; without this, the one that was moved counts.
for (const slider of document.querySelectorAll("[data-slides]")) {
  const number = document.getElementById(slider.dataset.slides);
  slider.addEventListener("input", () => { number.value = slider.value; });
  number.addEventListener("input", () => { slider.value = number.value; });
}
document.querySelector(".problems[role=alert]")?.focus();
