// Looks every other second for news, and leaves open what the reader has opened.
const main = document.querySelector("main");
let shown = main.innerHTML;
async function refresh() {
  if (document.hidden || String(getSelection())) return;
  const answer = await fetch("/", {cache: "no-store"});
  const news = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main").innerHTML;
  if (news === shown) return;
  const open = [...main.querySelectorAll("details[open]")].map(each => [each.id, each.querySelector("pre").scrollTop]);
  main.innerHTML = shown = news;
  for (const [id, scrolled] of open) {
    const same = document.getElementById(id);
    if (same) { same.open = true; same.querySelector("pre").scrollTop = scrolled; }
  }
}
setInterval(() => refresh().catch(() => {}), 2000);
