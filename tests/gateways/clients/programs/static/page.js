"use strict";

const BLOCK = Uint8Array.from({ length: 65536 }, (_, index) => index % 256);

async function digest(bytes) {
  const hashed = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hashed, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function repeated(count) {
  const bytes = new Uint8Array(count * BLOCK.length);
  for (let index = 0; index < count; index++) bytes.set(BLOCK, index * BLOCK.length);
  return bytes;
}

const TRIALS = {
  async stylesheet() {
    return getComputedStyle(document.getElementById("styled")).color;
  },
  async session() {
    const seen = [];
    for (let count = 0; count < 3; count++) seen.push((await (await fetch("/visits")).json()).visits);
    return seen;
  },
  async form() {
    const page = new DOMParser().parseFromString(await (await fetch("/form")).text(), "text/html");
    const data = new FormData(page.querySelector("form"));
    data.set("comment", "grüße, 世界");
    data.set("file", new File([repeated(48)], "data.bin"));
    const answer = await (await fetch("/form", { method: "POST", body: data })).json();
    return { ...answer, expected: await digest(repeated(48)) };
  },
  async upload() {
    const answer = await fetch("/echo", { method: "PUT", body: repeated(32) });
    return { ...(await answer.json()), expected: await digest(repeated(32)) };
  },
  async stream() {
    const reader = (await fetch("/stream?blocks=100")).body.getReader();
    let size = 0;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) size += piece.value.length;
    return size;
  },
  async file() {
    const answer = await fetch("/file");
    const bytes = await answer.arrayBuffer();
    return { length: Number(answer.headers.get("Content-Length")), size: bytes.byteLength, sha256: await digest(bytes) };
  },
  async redirect() {
    const answer = await fetch("/moved");
    return [answer.redirected, new URL(answer.url).pathname, answer.status];
  },
  async head() {
    const answer = await fetch("/file", { method: "HEAD" });
    return [Number(answer.headers.get("Content-Length")), (await answer.arrayBuffer()).byteLength];
  },
  async errors() {
    return [(await fetch("/nothing")).status, (await fetch("/error")).status];
  },
  async parallel() {
    const asked = Array.from({ length: 100 }, async (_, index) => (await fetch(`/port?${index}`)).text());
    const ports = await Promise.all(asked);
    return { answers: ports.length, connections: new Set(ports).size };
  },
  async aborted() {
    const controller = new AbortController();
    const answer = await fetch("/stream?blocks=100000", { signal: controller.signal });
    await answer.body.getReader().read();
    controller.abort();
    return (await fetch("/port")).status;
  },
};

async function tryAll() {
  const outcome = {};
  for (const [name, trial] of Object.entries(TRIALS)) {
    outcome[name] = await trial().catch((error) => String(error));
  }
  return outcome;
}

// The page counts as loaded when its frame is: until then the browser does not print it.
const frame = document.getElementById("hold").contentDocument;
frame.open();
addEventListener("DOMContentLoaded", async () => {
  document.getElementById("outcome").textContent = JSON.stringify(await tryAll());
  frame.close();
});
