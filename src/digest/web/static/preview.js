// Keeps the page true to templates and store, and finds readers while one types. Without it every link still works.
const page = document.getElementById("proof")
const pulse = document.getElementById("pulse")
const wait = ms => new Promise(done => setTimeout(done, ms))

async function refresh() {
  const fresh = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html")
  const proof = fresh.getElementById("proof")
  page.replaceChildren(...proof.childNodes)
  page.dataset.version = proof.dataset.version
  const summaries = fresh.querySelectorAll(".menu > summary")
  document.querySelectorAll(".menu > summary").forEach((each, at) => each.replaceChildren(...summaries[at].childNodes))
}

function say(words, state) {
  pulse.hidden = false
  pulse.className = state
  if (pulse.textContent !== words) pulse.textContent = words
}

async function follow() {
  for (;;) {
    try {
      const version = await (await fetch("/version" + location.search)).text()
      if (version !== page.dataset.version) await refresh()
      say("Up to date", "live")
    } catch {
      say("The preview has stopped", "stopped")
    }
    await wait(document.hidden ? 5000 : 1000)
  }
}

const search = document.querySelector("input[type=search]")
let asked
search.addEventListener("input", async () => {
  asked?.abort()
  asked = new AbortController()
  const query = new URLSearchParams(new FormData(search.form))
  try {
    const people = await fetch("/people?" + query, { signal: asked.signal })
    document.getElementById("people").innerHTML = await people.text()
  } catch (error) {
    if (error.name !== "AbortError") throw error
  }
})

const menus = [...document.querySelectorAll("details.menu")]
const close = except => menus.forEach(menu => { if (menu !== except) menu.open = false })
menus.forEach(menu => menu.addEventListener("toggle", () => {
  if (!menu.open) return
  close(menu)
  menu.querySelector("input[type=search]")?.focus()
}))
addEventListener("click", event => close(event.target.closest("details.menu")))
addEventListener("blur", () => document.activeElement?.tagName === "IFRAME" && close())
addEventListener("keydown", event => {
  const open = menus.find(menu => menu.open)
  if (event.key !== "Escape" || !open) return
  close()
  open.querySelector("summary").focus()
})

follow()
